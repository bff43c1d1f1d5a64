package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.LimitRecordsContract;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The records of the in-memory limiter keep the contract. */
class CountedLimitsContractTest extends LimitRecordsContract {

    private final ManualTime time = new ManualTime(Instant.parse("2027-12-30T23:59:00Z"), Long.MAX_VALUE - 1_000);

    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(time).build();

    @Override
    protected RateLimiter limiter() {
        return limiter;
    }

    @Override
    protected LimitRecords records() {
        return limiter.records();
    }

    @Override
    protected void advance(Duration length) {
        time.advance(length);
    }

    @Test
    void aResetFreesThePlaceOfItsKey() {
        LimitRule rule = new LimitRule.FixedWindow(Amount.ONE, Window.Calendar.DAY);
        InMemoryRateLimiter small =
                InMemoryRateLimiter.builder().time(time).maxKeys(2).build();
        assertThat(admits(small, new LimitKey("l", "a"), rule)).isTrue();
        assertThat(admits(small, new LimitKey("l", "b"), rule)).isFalse();
        small.records().reset(new LimitKey("l", "a"));

        assertThat(admits(small, new LimitKey("l", "b"), rule)).isTrue();
        assertThat(small.keyCount()).isEqualTo(1);
    }

    @Test
    void aResetUnderAWallClockThatIsBackLeavesTheWindowsOfOtherKeysOpen() {
        LimitRule rule = new LimitRule.FixedWindow(Amount.ONE, Window.Calendar.MINUTE);
        LimitKey key = new LimitKey("l", "s");
        assertThat(admits(key, rule)).isTrue();
        time.setWall(Instant.parse("2027-12-30T23:54:00Z"));
        assertThat(admits(key, rule)).isFalse();
        assertThat(records().reset(key)).isTrue();

        assertThat(admits(key, rule)).isTrue();
        assertThat(admits(key, rule)).isFalse();
        assertThat(admits(new LimitKey("l", "other"), rule)).isTrue();
    }

    private boolean admits(LimitKey key, LimitRule rule) {
        return admits(limiter, key, rule);
    }

    private static boolean admits(RateLimiter by, LimitKey key, LimitRule rule) {
        return by.reserve(new Batch("", List.of(new Charge(key, rule, Amount.ONE, ChargeMode.SENT))))
                instanceof Reservation.Granted;
    }
}
