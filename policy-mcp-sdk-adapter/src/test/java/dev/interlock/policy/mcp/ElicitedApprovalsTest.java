package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may answer a request for an approval that went to a client, and what becomes of it otherwise. */
class ElicitedApprovalsTest {

    private static final Map<String, Object> YES = Map.of("action", "accept", "content", Map.of("decision", "approve"));

    private final List<ApprovalRequest> askedElsewhere = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<ApprovalAnswer>> elsewhere = new CopyOnWriteArrayList<>();
    private final List<Runnable> alarms = new CopyOnWriteArrayList<>();
    private @Nullable GuardedServer server;

    /** A server each of whose callers is who the request says. */
    private ServerWay.End open(ServerWay way, Policies policy, boolean otherHandler) {
        return open(
                way,
                policy,
                otherHandler,
                ClientCapabilities.builder().elicitation().build());
    }

    private ServerWay.End open(ServerWay way, Policies policy, boolean otherHandler, ClientCapabilities abilities) {
        assumeTrue(way.exists(), "this version of the SDK has no such way");
        PolicyEngine.Builder engine = PolicyEngine.builder(policy.policy()).alarm((delay, task) -> {
            alarms.add(task);
            return () -> alarms.remove(task);
        });
        if (otherHandler) {
            engine.approvals(request -> {
                CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                elsewhere.add(answer);
                askedElsewhere.add(request);
                return answer;
            });
        }
        server = new GuardedServer(engine.build());
        server.guard.callContext((transport, reactor) ->
                transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY);
        return way.into(server, abilities);
    }

    private static Policies paying() {
        return new Policies().tool("pay", Policies.ask());
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.stop();
        }
    }

    private static void call(ServerWay.End end, String user, Map<String, Object> arguments) {
        send(end, user, new JSONRPCRequest("tools/call", "c-1", Map.of("name", "pay", "arguments", arguments)));
    }

    private static void send(ServerWay.End end, String user, JSONRPCMessage message) {
        end.send(message)
                .contextWrite(context ->
                        context.put(McpTransportContext.KEY, McpTransportContext.create(Map.of("user", user))))
                .subscribe();
    }

    private static <T> T awaited(ServerWay.End end, Class<T> type) {
        while (true) {
            Optional<T> found = end.received.stream()
                    .filter(type::isInstance)
                    .map(type::cast)
                    .findFirst();
            if (found.isPresent()) {
                return found.get();
            }
            Thread.onSpinWait();
        }
    }

    private static String response(ServerWay.End end) {
        return awaited(end, JSONRPCResponse.class).result().toString();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS") // Without a session no one can be asked.
    void onlyWhoMadeTheCallCanAnswerAndOnlyWithTheQuestionsId(ServerWay way) {
        ServerWay.End end = open(way, paying(), false);
        call(end, "ada", Map.of("amount", 5));
        JSONRPCRequest question = awaited(end, JSONRPCRequest.class);
        assertThat(question.method()).isEqualTo("elicitation/create");
        Object id = question.id();

        send(end, "bob", JSONRPCResponse.result(id, YES));
        send(end, "ada", JSONRPCResponse.result("dev.interlock/approval/1", YES));
        send(end, "ada", JSONRPCResponse.result("c-1", YES));
        send(end, "ada", new JSONRPCRequest("elicitation/create", id, YES));
        send(end, "ada", new JSONRPCRequest("tools/call", id, Map.of("name", "work", "arguments", YES)));
        send(end, "ada", new JSONRPCNotification("elicitation/create", Map.of("id", id, "result", YES)));
        assertThat(server.ran()).doesNotContainKey("pay");

        send(end, "ada", JSONRPCResponse.result(id, YES));

        Await.until(() ->
                end.received.stream().anyMatch(message -> message.toString().contains("pay {amount=5}")));
        assertThat(server.ran()).containsEntry("pay", 1);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS") // Without a session no one can be asked.
    void anAnswerCountsOnce(ServerWay way) {
        ServerWay.End end = open(way, paying(), false);
        call(end, "ada", Map.of());
        Object id = awaited(end, JSONRPCRequest.class).id();

        send(end, "ada", JSONRPCResponse.result(id, Map.of("action", "decline")));
        send(end, "ada", JSONRPCResponse.result(id, YES));

        assertThat(response(end)).contains("[POLICY DENIED] ");
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS") // Without a session no one can be asked.
    void aQuestionThatNoOneAnswersInTimeIsWithdrawn(ServerWay way) {
        ServerWay.End end = open(way, paying(), false);
        call(end, "ada", Map.of());
        Object id = awaited(end, JSONRPCRequest.class).id();

        List.copyOf(alarms).forEach(Runnable::run);

        assertThat(response(end)).contains("No one answered");
        JSONRPCNotification withdrawn = awaited(end, JSONRPCNotification.class);
        assertThat(withdrawn.method()).isEqualTo("notifications/cancelled");
        assertThat(withdrawn.params().toString()).contains((String) id);
        send(end, "ada", JSONRPCResponse.result(id, YES));
        assertThat(server.ran()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void theEnginesHandlerIsAskedWhereThePersonAtTheClientCantBe(ServerWay way) {
        ServerWay.End end = open(way, paying().method("elicitation/*", Posture.DENY), true);

        call(end, "ada", Map.of("amount", 5));
        Await.until(() -> !askedElsewhere.isEmpty());
        elsewhere.get(0).complete(ApprovalAnswer.approved("finance"));

        assertThat(response(end)).contains("pay {amount=5}");
        assertThat(end.received).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS") // Without a session no one can be asked.
    void theEnginesHandlerIsAskedIfThePersonDismissesTheQuestionButNotIfTheySayNo(ServerWay way) {
        for (String action : List.of("cancel", "decline")) {
            ServerWay.End end = open(way, paying(), true);
            call(end, "ada", Map.of());
            Object id = awaited(end, JSONRPCRequest.class).id();
            assertThat(askedElsewhere).isEmpty();

            send(end, "ada", JSONRPCResponse.result(id, Map.of("action", action)));

            if (action.equals("cancel")) {
                Await.until(() -> !askedElsewhere.isEmpty());
                elsewhere.get(0).complete(ApprovalAnswer.refused("finance", "not today"));
                assertThat(response(end)).contains("not today");
            } else {
                assertThat(response(end)).contains("[POLICY DENIED] ");
                assertThat(askedElsewhere).isEmpty();
            }
            askedElsewhere.clear();
        }
    }

    @ParameterizedTest
    @EnumSource
    void noOneIsAskedAboutMoreThanAPersonCanRead(ServerWay way) {
        ServerWay.End end = open(way, paying(), false);

        call(end, "ada", Map.of("note", "x".repeat(5_000)));

        assertThat(response(end)).contains("[POLICY DENIED] ");
        assertThat(end.received).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatTakesNoFormsIsNotAskedAndItsCallerToldWhy(ServerWay way) {
        for (ClientCapabilities abilities : List.of(
                ClientCapabilities.builder().build(),
                ClientCapabilities.builder().elicitation(false, true).build())) {
            ServerWay.End end = open(way, paying(), false, abilities);

            call(end, "ada", Map.of());

            assertThat(response(end)).contains("[POLICY DENIED] ");
            if (way != ServerWay.STATELESS) {
                assertThat(response(end)).contains("the client can't ask a person");
            }
            assertThat(end.received).hasSize(1);
            assertThat(server.ran()).isEmpty();
            Await.until(alarms::isEmpty);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STATELESS") // Without a session no one can be asked.
    void aPersonIsAskedTwentyQuestionsAtOnceAndNoMore(ServerWay way) {
        ServerWay.End end = open(way, paying(), false);
        for (int i = 0; i < 20; i++) {
            call(end, "ada", Map.of("i", i));
        }
        Await.until(() -> questions(end).size() == 20);

        call(end, "ada", Map.of("i", 20));

        assertThat(response(end)).contains("[POLICY DENIED] ").contains("too many questions are open");
        assertThat(questions(end)).hasSize(20);
        assertThat(server.ran()).isEmpty();

        send(end, "ada", JSONRPCResponse.result(questions(end).get(7).id(), YES));
        Await.until(() -> server.ran().containsKey("pay"));
        call(end, "ada", Map.of("i", 21));
        Await.until(() -> questions(end).size() == 21);
        questions(end).forEach(question -> send(end, "ada", JSONRPCResponse.result(question.id(), YES)));
        Await.until(() -> server.ran().get("pay") == 21 && server.inPlace.runningCalls() == 0 && alarms.isEmpty());
    }

    private static List<JSONRPCRequest> questions(ServerWay.End end) {
        return end.received.stream()
                .filter(JSONRPCRequest.class::isInstance)
                .map(JSONRPCRequest.class::cast)
                .toList();
    }
}
