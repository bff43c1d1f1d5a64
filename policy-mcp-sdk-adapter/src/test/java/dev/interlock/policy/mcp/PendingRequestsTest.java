package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import java.math.BigInteger;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PendingRequestsTest {

    private final ManualTime time = new ManualTime();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final PolicyEngine engine = PolicyEngine.builder(
                    new Policies().tool("export", Policies.limit(10)).policy())
            .rateLimiter(limiter)
            .build();
    private final PendingCalls<PendingRequest> pending =
            PendingCalls.bounded(time, time, Duration.ofMinutes(1), PendingRequest::abandon);

    private PendingRequest call() {
        Admission admission = engine.admit(ToolCall.of("export", (java.util.Map<String, ?>) null));
        return new PendingRequest.Call(GuardedCall.of(ToolCall.of("export", java.util.Map.of()), admission));
    }

    @Test
    void letGoOfWhatIsTooOldWheneverSomethingIsTakenOrAdded() {
        pending.add(1, call());
        time.advance(Duration.ofSeconds(59));
        pending.add(2, call());
        assertThat(pending.size()).isEqualTo(2);

        time.advance(Duration.ofSeconds(1));
        pending.take("unknown");

        assertThat(pending.size()).isEqualTo(1);
        assertThat(pending.take(2)).isNotNull();
    }

    @Test
    void letGoOfWhatIsTooOldAlsoIfNothingElseHappensWithOneAlarmAtATime() {
        pending.add(1, call());
        time.advance(Duration.ofSeconds(40));
        pending.add(2, call());
        assertThat(time.alarms()).isEqualTo(1);

        time.advance(Duration.ofSeconds(20));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(time.alarms()).isEqualTo(1);

        time.advance(Duration.ofSeconds(40));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(time.alarms()).isZero();
        pending.add(3, call());
        assertThat(time.alarms()).isEqualTo(1);

        pending.close();
        assertThat(time.alarms()).isZero();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void giveAnAnsweredRequestOutAlthoughItHasJustBecomeTooOld() {
        PendingRequest call = call();
        PendingCalls<PendingRequest> silent =
                PendingCalls.bounded(time, (delay, task) -> () -> {}, Duration.ofMinutes(1), PendingRequest::abandon);
        silent.add(1, call);
        time.advance(Duration.ofHours(1));

        assertThat(silent.take(1)).isSameAs(call);
        assertThat(limiter.settlements()).isEmpty();
    }

    @Test
    void startAfreshWithAnIdThatWasUsedAgain() {
        pending.add(1, call());
        time.advance(Duration.ofSeconds(40));
        pending.add(1, call());
        time.advance(Duration.ofSeconds(40));
        pending.take("unknown");

        assertThat(pending.size()).isEqualTo(1);
    }

    @Test
    void forgetARequestOnlyIfItIsStillTheOneUnderItsId() {
        PendingRequest first = call();
        PendingRequest second = call();
        pending.add(1, first);
        pending.add(1, second);

        pending.forget(1, first);

        assertThat(pending.size()).isEqualTo(1);
    }

    @Test
    void takeNothingMoreOnceClosedForGood() {
        pending.add(1, call());
        pending.abandon(PendingRequest::mayBeLost);
        assertThat(pending.add(2, call())).isEqualTo(PendingCalls.Addition.AWAITED);

        pending.close();

        assertThat(pending.add(3, call())).isEqualTo(PendingCalls.Addition.CLOSED);
        assertThat(pending.size()).isZero();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
    }

    @Test
    void takeOnlyTheRequestWhoseIdIsTheSameNumber() {
        pending.add(1, call());

        assertThat(pending.take("1")).isNull();
        assertThat(pending.take(1.5)).isNull();
        assertThat(pending.take(new BigInteger("18446744073709551617"))).isNull();
        assertThat(pending.take(Double.NaN)).isNull();
        assertThat(pending.take(1.0)).isNotNull();
        pending.add(2, call());
        assertThat(pending.take(2L)).isNotNull();
    }
}
