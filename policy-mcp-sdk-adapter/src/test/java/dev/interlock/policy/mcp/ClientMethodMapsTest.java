package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Maps under {@code methods} on a client's transport, also for what the server asks. */
class ClientMethodMapsTest extends MethodMapsContract {

    @Override
    Way open(PolicyEngine engine, @Nullable CallContextResolver callers) {
        ScriptedTransport wire = new ScriptedTransport();
        wire.onSend(message -> Mono.fromRunnable(() -> {
            if (message instanceof JSONRPCRequest request) {
                if (request.method().equals("logging/setLevel")) {
                    wire.respondError(request.id());
                } else {
                    wire.respond(request.id(), Map.of());
                }
            }
        }));
        EnforcingClientTransport.Builder builder = EnforcingClientTransport.builder(wire, engine);
        EnforcingClientTransport transport = (callers == null ? builder : builder.callContext(callers)).build();
        Map<Object, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
        transport
                .connect(messages -> messages.doOnNext(message -> {
                    if (message instanceof JSONRPCResponse response) {
                        answers.get(response.id())
                                .complete(
                                        response.error() == null
                                                ? ""
                                                : response.error().message());
                    }
                }))
                .block();
        AtomicInteger ids = new AtomicInteger();
        return new Way() {
            @Override
            public CompletableFuture<String> ask(String method, Map<String, Object> params) {
                String id = "r" + ids.incrementAndGet();
                CompletableFuture<String> answer = new CompletableFuture<>();
                answers.put(id, answer);
                transport
                        .sendMessage(new JSONRPCRequest(method, id, params))
                        .subscribe(nothing -> {}, answer::completeExceptionally);
                return answer;
            }

            @Override
            public boolean tell(String method, Map<String, Object> params) {
                transport.sendMessage(new JSONRPCNotification(method, params)).block();
                return true;
            }

            @Override
            public List<String> reached() {
                return wire.sent.stream()
                        .map(message -> message instanceof JSONRPCRequest request
                                ? request.method()
                                : ((JSONRPCNotification) message).method())
                        .toList();
            }
        };
    }

    // ---- what the server asks

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<CompletableFuture<ApprovalAnswer>> asked = new CopyOnWriteArrayList<>();

    private EnforcingClientTransport asking(String entry, @Nullable CallContextResolver callers) {
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read("version: \"1\"\nmethods:\n  sampling/createMessage:\n    " + entry, "test")
                                .orThrow())
                .rateLimiter(limiter)
                .approvals(request -> {
                    asked.add(new CompletableFuture<>());
                    return asked.get(asked.size() - 1);
                })
                .build();
        EnforcingClientTransport.Builder builder = EnforcingClientTransport.builder(wire, engine);
        EnforcingClientTransport transport = (callers == null ? builder : builder.callContext(callers)).build();
        transport.connect(wire::show).block();
        return transport;
    }

    private static JSONRPCRequest sample(String id) {
        return new JSONRPCRequest("sampling/createMessage", id, Map.of("maxTokens", 5));
    }

    private static final Map<String, Object> SAMPLING = Map.of(
            "resultType",
            "input_required",
            "requestState",
            "s",
            "inputRequests",
            Map.of("k", Map.of("method", "sampling/createMessage", "params", Map.of("maxTokens", 5))));

    @Test
    void aPersonIsAskedAboutWhatTheServerAsks() {
        asking("ask_if: [{path: params.maxTokens, op: gt, value: 1}]", null);

        wire.receiving(sample("1")).subscribe();
        assertThat(asked).hasSize(1);
        assertThat(wire.shown).isEmpty();
        wire.receive(new JSONRPCNotification("notifications/message", Map.of("data", 1)));
        assertThat(wire.shown).as("everything else goes on").hasSize(1);
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));
        assertThat(wire.shown.get(1)).isEqualTo(sample("1"));

        wire.receiving(sample("2")).subscribe();
        asked.get(1).complete(ApprovalAnswer.refused("Ada", null));
        assertThat(wire.shown).hasSize(2);
        assertThat(refusal(wire.sent.get(0))).contains("A person said no.");
    }

    private static String refusal(JSONRPCMessage message) {
        return ((JSONRPCResponse) message).error().message();
    }

    @Test
    void nobodyIsAskedAboutWhatStandsInAnAnswer() {
        EnforcingClientTransport transport = asking("ask_if: [{path: params.maxTokens, op: gt, value: 1}]", null);

        transport.sendMessage(new JSONRPCRequest("prompts/get", "p", Map.of())).block();
        wire.respond("p", SAMPLING);

        assertThat(asked).isEmpty();
        assertThat(refusal(wire.shown.get(0)))
                .contains("No one was asked: an answer of a server's can't wait for a person.");
    }

    @Test
    void theClientsAnswerSettlesWhatTheServerAsked() {
        EnforcingClientTransport transport =
                asking("limits: [{counter: n, window: hour, max: 10, charge: success}]", null);

        wire.receive(sample("1"));
        wire.receive(sample("2"));
        wire.receive(sample("3"));
        transport.sendMessage(JSONRPCResponse.result("1", Map.of())).block();
        transport
                .sendMessage(JSONRPCResponse.error("2", new JSONRPCResponse.JSONRPCError(-1, "declined")))
                .block();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED, CallOutcome.FAILED);
        transport.close();
        assertThat(limiter.settlements())
                .containsExactly(CallOutcome.SUCCEEDED, CallOutcome.FAILED, CallOutcome.UNKNOWN);
    }

    @Test
    void whomTheServerAsksIsNotKnownUnlessItAnswersThatCaller() {
        EnforcingClientTransport transport = asking(
                "deny_if: [{path: call.identity, op: eq, value: eve}]", (context, reactor) -> CallContext.by("ada"));

        wire.receive(sample("1"));
        assertThat(wire.shown).isEmpty();
        assertThat(refusal(wire.sent.get(0))).contains("forbids");

        transport.sendMessage(new JSONRPCRequest("prompts/get", "p", Map.of())).block();
        wire.respond("p", SAMPLING);
        assertThat(((JSONRPCResponse) wire.shown.get(0)).error())
                .as("ada asked")
                .isNull();
    }

    @Test
    void aRequestThatTheClientGivesUpIsNotSentWhenTheYesComes() {
        EnforcingClientTransport transport = asking("ask_if: [{path: params.maxTokens, op: gt, value: 1}]", null);

        transport.sendMessage(sample("1")).subscribe();
        assertThat(asked).hasSize(1);
        transport
                .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", "1")))
                .block();

        assertThat(asked.get(0)).isCancelled();
        assertThat(wire.sent).noneMatch(JSONRPCRequest.class::isInstance);
    }
}
