package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.protocol.McpCancellationNotification;
import dev.langchain4j.mcp.protocol.McpReadResourceRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What maps under {@code methods} say of requests that pass LangChain4j's transport, in both directions. */
class LangChain4jMethodMapsTest {

    private final ScriptedTransport server = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<CompletableFuture<ApprovalAnswer>> asked = new CopyOnWriteArrayList<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();

    private EnforcingMcpTransport started(String methods, @Nullable CallContextResolver callers) {
        PolicyEngine engine = PolicyEngine.builder(PolicyYaml.read("version: \"1\"\nmethods:\n" + methods, "test")
                        .orThrow())
                .rateLimiter(limiter)
                .approvals(request -> {
                    asked.add(new CompletableFuture<>());
                    return asked.get(asked.size() - 1);
                })
                .build();
        EnforcingMcpTransport.Builder builder = EnforcingMcpTransport.builder(server, engine);
        EnforcingMcpTransport wrapped = (callers == null ? builder : builder.callContext(callers)).build();
        Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
        wrapped.start(
                new McpOperationHandler(
                        pending, List::of, wrapped, null, () -> {}, null, null, null, null, null, null, null) {
                    @Override
                    public void handle(JsonNode message) {
                        if (message.has("method")) {
                            heard.add(message.get("method").asText());
                        } else {
                            super.handle(message);
                        }
                    }
                });
        return wrapped;
    }

    private static McpReadResourceRequest read(long id) {
        return new McpReadResourceRequest(id, "file:///app/x");
    }

    private static void await(CompletableFuture<?> answer) {
        answer.handle((result, failure) -> "").orTimeout(5, TimeUnit.MINUTES).join();
    }

    /** Waits for what another thread does. */
    private static void until(BooleanSupplier happened) {
        long start = System.nanoTime();
        while (!happened.getAsBoolean()) {
            assertThat(System.nanoTime() - start)
                    .as("what was waited for has not happened")
                    .isLessThan(TimeUnit.MINUTES.toNanos(5));
            LockSupport.parkNanos(200_000);
        }
    }

    private static final String ASKING = """
              resources/read:
                ask_if: [{path: params.uri, op: starts_with, value: "file:"}]
              roots/list:
                ask_if: [{path: params.why, op: exists, value: true}]
              notifications/message:
                ask_if: [{path: params.level, op: exists, value: true}]
            """;

    @Test
    void aPersonIsAskedAboutARequestAndNothingIsSentBeforeTheYes() {
        EnforcingMcpTransport transport = started(ASKING, null);

        CompletableFuture<JsonNode> yes = transport.executeOperationWithResponse(read(1));
        assertThat(yes).isNotDone();
        assertThat(server.sent()).isEmpty();
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));
        until(() -> server.sent().size() == 1);
        server.answer("{'contents': []}");
        await(yes);
        assertThat(yes).isCompleted();

        CompletableFuture<JsonNode> no = transport.executeOperationWithResponse(read(2));
        asked.get(1).complete(ApprovalAnswer.refused("Ada", "not today"));
        await(no);
        assertThatThrownBy(no::get).hasMessageContaining("not today");
        assertThat(server.sent()).hasSize(1);
    }

    @Test
    void aRequestThatTheClientGivesUpIsNotSentWhenTheYesComes() {
        EnforcingMcpTransport transport = started(ASKING, null);

        CompletableFuture<JsonNode> cancelled = transport.executeOperationWithResponse(read(1));
        cancelled.cancel(true);
        assertThat(transport.executeOperationWithResponse(read(2))).isNotDone();
        transport.executeOperationWithoutResponse(new McpCancellationNotification(2L, "late"));

        assertThat(asked).hasSize(2).allMatch(CompletableFuture::isCancelled);
        assertThat(server.sentMethods()).containsExactly("notifications/cancelled");
    }

    @Test
    void aPersonIsAskedAboutWhatTheServerAsksButNotAboutANotification() {
        EnforcingMcpTransport transport = started(ASKING, null);

        server.receive("{'jsonrpc': '2.0', 'id': 5, 'method': 'roots/list', 'params': {'why': 1}}");
        server.receive("{'jsonrpc': '2.0', 'method': 'notifications/message', 'params': {'level': 'info'}}");
        assertThat(asked).hasSize(1);
        assertThat(heard).isEmpty();
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));
        until(() -> heard.contains("roots/list"));

        server.receive("{'jsonrpc': '2.0', 'id': 6, 'method': 'roots/list', 'params': {'why': 1}}");
        asked.get(1).complete(ApprovalAnswer.refused("Ada", null));
        until(() -> server.sent().size() == 1);
        assertThat(server.last().toString()).contains("A person said no.");

        server.receive("{'jsonrpc': '2.0', 'id': 7, 'method': 'roots/list', 'params': {'why': 1}}");
        transport.start(new McpOperationHandler(
                new ConcurrentHashMap<>(),
                List::of,
                transport,
                null,
                () -> {},
                null,
                null,
                null,
                null,
                null,
                null,
                null));
        assertThat(asked.get(2)).as("the server that asked is gone").isCancelled();
        assertThat(heard).containsExactly("roots/list");
    }

    @Test
    void nobodyIsAskedAboutWhatStandsInAnAnswer() {
        EnforcingMcpTransport transport = started("""
                  elicitation/create:
                    ask_if: [{path: params.message, op: exists, value: true}]
                """, null);

        CompletableFuture<JsonNode> answer = transport.executeOperationWithResponse(read(1));
        server.answer("{'resultType': 'input_required', 'inputRequests': {'e': {'method': 'elicitation/create',"
                + " 'params': {'message': 'pay?'}}}}");

        assertThat(asked).isEmpty();
        assertThatThrownBy(answer::get)
                .hasMessageContaining("No one was asked: an answer of a server's can't wait for a person.");
    }

    @Test
    void theAnswerSettlesWhatARequestTook() {
        EnforcingMcpTransport transport = started("""
                  resources/read:
                    limits: [{counter: n, window: hour, max: 10, charge: success}]
                  notifications/cancelled:
                    limits: [{counter: n, window: hour, max: 10, charge: sent}]
                  roots/list:
                    limits: [{counter: n, window: hour, max: 10}]
                """, null);

        assertThat(transport.executeOperationWithResponse(read(1))).isNotDone();
        server.answer("{'contents': []}");
        assertThat(transport.executeOperationWithResponse(read(2))).isNotDone();
        server.receive("{'jsonrpc': '2.0', 'id': 2, 'error': {'code': -1, 'message': 'no'}}");
        assertThat(transport.executeOperationWithResponse(read(3))).isNotDone();
        server.fail(new IllegalStateException("lost"));
        transport.executeOperationWithoutResponse(new McpCancellationNotification(9L, "late"));
        server.receive("{'jsonrpc': '2.0', 'id': 5, 'method': 'roots/list'}");

        assertThat(limiter.settlements())
                .containsExactly(
                        CallOutcome.SUCCEEDED,
                        CallOutcome.FAILED,
                        CallOutcome.UNKNOWN,
                        CallOutcome.UNKNOWN,
                        CallOutcome.UNKNOWN);
    }

    private static final String OF_CALLERS = """
              resources/read:
                deny_if: [{path: ctx.role, op: eq, value: guest}]
              roots/list:
                deny_if: [{path: ctx.role, op: eq, value: guest}]
            """;

    private static CallContextResolver role(String role) {
        return (call, invocation) -> call.by("ada").with((ObjectValue) Value.freeze(Map.of("role", role)));
    }

    @Test
    void theResolverOfCallersSaysWhoMakesARequest() {
        EnforcingMcpTransport guest = started(OF_CALLERS, role("guest"));
        assertThatThrownBy(() -> guest.executeOperationWithResponse(read(1)).get())
                .hasMessageContaining("forbids");
        assertThat(server.sent()).isEmpty();

        EnforcingMcpTransport staff = started(OF_CALLERS, role("staff"));
        assertThat(staff.executeOperationWithResponse(read(2))).isNotDone();
        assertThat(server.sent()).hasSize(1);
    }

    @Test
    void aCallerWhoCannotBeToldIsDeniedWhatIsDeniedToSome() {
        EnforcingMcpTransport transport = started(OF_CALLERS, (call, invocation) -> {
            throw new IllegalStateException("who?");
        });
        assertThatThrownBy(() -> transport.executeOperationWithResponse(read(1)).get())
                .hasMessageContaining("forbids");
        assertThat(server.sent()).isEmpty();

        started(OF_CALLERS, role("staff"));
        server.receive("{'jsonrpc': '2.0', 'id': 5, 'method': 'roots/list'}");
        assertThat(heard).as("whom a server asks is not known").isEmpty();
    }
}
