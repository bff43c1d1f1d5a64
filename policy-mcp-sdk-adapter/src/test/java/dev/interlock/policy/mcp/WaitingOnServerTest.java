package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Calls that wait on a server for a person while their client gives up or goes away. */
class WaitingOnServerTest {

    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
    private final List<JSONRPCRequest> ran = new ArrayList<>();
    private final List<JSONRPCResponse> responses = new ArrayList<>();
    private final ServerGuard guard =
            new ServerGuard(EnforcingServerTransports.builder(PolicyEngine.builder(new Policies()
                            .tool("pay", Policies.limit(10), Policies.ask())
                            .policy())
                    .rateLimiter(limiter)
                    .maxWaitingForApproval(3)
                    .approvals(request -> {
                        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                        answers.add(answer);
                        return answer;
                    })
                    .build()));

    private void call(ClientSession session, Object id, String tool) {
        guard.answer(
                        new JSONRPCRequest("tools/call", id, Map.of("name", tool, "arguments", Map.of("id", id))),
                        session,
                        request -> {
                            ran.add(request);
                            return Mono.just(JSONRPCResponse.result(request.id(), "done"));
                        },
                        null)
                .subscribe(responses::add);
    }

    private void yes(int question) {
        answers.get(question).complete(ApprovalAnswer.approved("Ada"));
    }

    @Test
    void aCancelledCallIsNotMadeAndNeitherAnotherNorThatOfAnotherSessionIsTouched() {
        ClientSession session = guard.session("a", null);
        ClientSession other = guard.session("b", null);
        call(session, 1, "pay");
        call(session, 2, "pay");
        call(other, 1, "pay");

        session.heard(new JSONRPCNotification("notifications/progress", Map.of("requestId", 2)));
        session.heard(new JSONRPCNotification("notifications/cancelled"));
        session.heard(new JSONRPCNotification("notifications/cancelled", Map.of("reason", "none")));
        session.heard(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", 1L)));
        yes(0);
        assertThat(answers.get(0)).isCancelled();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        yes(1);
        yes(2);

        assertThat(ran).extracting(JSONRPCRequest::id).containsExactly(2, 1);
        assertThat(responses).hasSize(2);
        assertThat(session.deciding().size() + other.deciding().size()).isZero();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aSessionThatEndsTakesItsQuestionsBackAndOnlyItsOwn() {
        ClientSession session = guard.session("a", null);
        ClientSession other = guard.session("b", null);
        call(session, 1, "pay");
        call(other, 1, "pay");

        session.close();

        assertThat(answers.get(0)).isCancelled();
        assertThat(answers.get(1)).isNotDone();
        assertThat(ran).isEmpty();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
    }

    @Test
    void moreCallsThanMayWaitAreDeniedAndToldWhyWhileOthersRun() {
        ClientSession session = guard.session("a", null);
        for (int id = 1; id <= 4; id++) {
            call(session, id, "pay");
        }
        call(session, 5, "read");

        assertThat(responses).hasSize(2);
        assertThat(responses.get(0).result().toString())
                .contains("[POLICY DENIED] ")
                .contains("too many calls wait for an answer already");
        assertThat(ran).extracting(JSONRPCRequest::id).containsExactly(5);
        yes(0);
        call(session, 6, "pay");
        yes(4);

        assertThat(ran).extracting(JSONRPCRequest::id).containsExactly(5, 1, 6);
    }
}
