package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a call allocates, with everything about it there already that a policy compiles beforehand. */
class AllocationTest {

    private static final int CALLS = 200_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final RateLimiter limiter = InMemoryRateLimiter.builder()
            .time(ManualTime.at("2026-11-23T10:30:00Z"))
            .build();

    private long bytesPerCall(LimitRule rule) {
        Batch batch = new Batch("", List.of(new Charge(new LimitKey("a", "b"), rule, Amount.ONE, ChargeMode.SENT)));
        run(batch);
        long before = threads.getCurrentThreadAllocatedBytes();
        run(batch);
        return (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
    }

    private void run(Batch batch) {
        for (int i = 0; i < CALLS; i++) {
            limiter.settle((Reservation.Granted) limiter.reserve(batch), CallOutcome.SUCCEEDED);
        }
    }

    @Test
    void aCallOnABucketAllocatesItsReservationAndNothingElse() {
        assertThat(bytesPerCall(new LimitRule.TokenBucket(Amount.of(1_000_000_000), Duration.ofSeconds(1))))
                .isLessThanOrEqualTo(56);
    }

    @Test
    void aCallOnAFixedWindowAllocatesItsReservationAndAReadingOfTheClocks() {
        assertThat(bytesPerCall(new LimitRule.FixedWindow(Amount.MAX, Window.Calendar.DAY)))
                .isLessThanOrEqualTo(48 + 32);
    }
}
