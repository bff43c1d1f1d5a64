package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An engine whose limits are in Redis. */
class EngineTest {

    /** A condition that an unknown count must not meet, whichever way it points. */
    private static final Policy POLICY = PolicyYaml.read("""
                    version: "1"
                    default: deny
                    tools:
                      refund:
                        rules:
                          - name: refunds
                            rate_limit: 3/month
                      at_least:
                        limits:
                          - {counter: calls, window: month, max: 1000}
                        require:
                          - {path: state.at_least.calls, op: gte, value: 1}
                      at_most:
                        limits:
                          - {counter: calls, window: month, max: 1000}
                        deny_if:
                          - {path: state.at_most.calls, op: gt, value: 1}
                    """, "policy.yaml").orThrow();

    @Test
    void twoEnginesShareALimitAndGiveBackWhatWasNotSent() {
        RedisStore.Builder settings = SharedServer.limiter();
        try (RedisStore one = settings.build();
                RedisStore other = settings.build()) {
            PolicyEngine here =
                    PolicyEngine.builder(POLICY).rateLimiter(one.rateLimiter()).build();
            PolicyEngine there = PolicyEngine.builder(POLICY)
                    .rateLimiter(other.rateLimiter())
                    .build();
            ToolCall call = ToolCall.of("refund", Map.of());

            here.admit(call).succeeded();
            Admission unsent = there.admitAsync(call).toCompletableFuture().join();
            there.admit(call).succeeded();
            assertThat(here.admit(call).decision().code()).isEqualTo(Code.LIMIT);
            unsent.unsent();
            RedisServer.await(() -> here.decide(call).allowed());
            assertThat(here.admit(call).decision().allowed()).isTrue();
            assertThat(there.admit(call).decision().code()).isEqualTo(Code.LIMIT);
        }
    }

    @Test
    void withoutRedisEveryCallWhoseLimitsOrCountersItHasIsDenied() {
        List<Throwable> told = new ArrayList<>();
        // Nothing listens on port 1.
        try (RedisStore limiter = RedisStore.server("redis://127.0.0.1:1")
                .timeout(Duration.ofMillis(50))
                .build()) {
            PolicyEngine engine = PolicyEngine.builder(POLICY)
                    .rateLimiter(limiter.rateLimiter())
                    .listener((call, failure) -> told.add(failure))
                    .build();
            for (String tool : List.of("refund", "at_least", "at_most")) {
                ToolCall call = ToolCall.of(tool, Map.of());
                List<Decision> decisions = List.of(
                        engine.admit(call).decision(),
                        engine.admitAsync(call).toCompletableFuture().join().decision(),
                        engine.decide(call),
                        engine.explain(call).decision());
                assertThat(decisions).allSatisfy(decision -> {
                    assertThat(decision.allowed()).as(tool).isFalse();
                    assertThat(decision.code()).isEqualTo(Code.LIMITER_UNAVAILABLE);
                });
            }
            assertThat(told).as("an outage is told by the store, once").isEmpty();
        }
    }

    private static final Policy MARKED = PolicyYaml.read("""
                    version: "1"
                    default: deny
                    tools:
                      fetch:
                        marks: [web]
                      send:
                        require: [{path: session.web, op: exists, value: true}]
                        rules: [{name: ask, action: require_approval}]
                    """, "policy.yaml").orThrow();

    @Test
    void whatOneReplicaMarksAnotherAsksAboutAndAThirdUsesTheYesOnce() {
        RedisStore.Builder settings = SharedServer.limiter();
        ToolCall fetch = ToolCall.of("fetch", Map.of()).by("bob").in("s1");
        ToolCall send = ToolCall.of("send", Map.of("to", "ann")).by("bob").in("s1");
        List<Ticket> opened = new ArrayList<>();
        try (RedisStore third = settings.build()) {
            try (RedisStore first = settings.build();
                    RedisStore second = settings.build()) {
                PolicyEngine here = replica(first, opened);
                PolicyEngine there = replica(second, opened);
                assertThat(there.admit(send).decision().code()).isEqualTo(Code.CONDITION);
                here.admitAsync(fetch).toCompletableFuture().join().succeeded();

                Decision asked =
                        there.admitAsync(send).toCompletableFuture().join().decision();
                assertThat(asked.allowed()).isFalse();
                assertThat(opened).hasSize(1);
                assertThat(tickets(first, opened).approve(opened.get(0).id(), "ada"))
                        .isEqualTo(ApprovalTickets.AnswerResult.ACCEPTED);
            }
            // The others are gone.
            PolicyEngine left = replica(third, opened);
            Admission used = left.admitAsync(send).toCompletableFuture().join();
            assertThat(used.decision().allowed()).isTrue();
            used.succeeded();
            assertThat(left.admitAsync(send)
                            .toCompletableFuture()
                            .join()
                            .decision()
                            .allowed())
                    .isFalse();
            assertThat(opened).hasSize(2);
        }
    }

    private static PolicyEngine replica(RedisStore store, List<Ticket> opened) {
        return PolicyEngine.builder(MARKED)
                .rateLimiter(store.rateLimiter())
                .sessionMemory(store.sessionMemory())
                .approvals(tickets(store, opened))
                .build();
    }

    private static ApprovalTickets tickets(RedisStore store, List<Ticket> opened) {
        return ApprovalTickets.builder()
                .store(store.approvalStore())
                .onOpened(opened::add)
                .build();
    }
}
