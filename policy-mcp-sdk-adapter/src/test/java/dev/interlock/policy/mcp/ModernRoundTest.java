package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ValueLimits;
import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How a call and its caller's cancellation meet. */
class ModernRoundTest {

    private final RecordingLimiter limiter = new RecordingLimiter();

    private ModernRound round() {
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().tool("pay", Policies.limit(10)).policy())
                .rateLimiter(limiter)
                .build();
        GuardedCall call = new CallGuard(engine, null)
                .admit(ToolCall.of("pay", Map.of(), ValueLimits.DEFAULT), AdmitOptions.DEFAULT)
                .join();
        assertThat(call.decision().allowed()).isTrue();
        return new ModernRound(call, failure -> true);
    }

    @Test
    void aCallThatCountsAsUnsentIsNotSent() {
        ModernRound round = round();

        round.abandon();

        assertThat(round.handOver()).isFalse();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
    }

    @Test
    void aCallOfWhichTheServerHasSaidSomethingIsNeverUnsent() {
        ModernRound silent = round();
        silent.handOver();
        silent.fail(new IllegalStateException("closed"));
        ModernRound heard = round();
        heard.handOver();
        heard.heard();
        heard.fail(new IllegalStateException("closed"));

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT, CallOutcome.UNKNOWN);
    }

    @Test
    void aResultThatCanNotBeReadEndsTheCallAsUnknownAndIsHeldBack() {
        ModernRound round = round();
        round.handOver();

        Decision decision = round.answered(CallResult.of(new AbstractMap<String, Object>() {
                    @Override
                    public Set<Entry<String, Object>> entrySet() {
                        throw new IllegalStateException("broken");
                    }
                }))
                .toCompletableFuture()
                .join()
                .decision();

        assertThat(decision.allowed()).isFalse();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aCallThatIsSentCountsAsUnknownOnceNoOneAwaitsIt() {
        ModernRound round = round();

        assertThat(round.handOver()).isTrue();
        round.abandon();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }
}
