package dev.interlock.policy.limit.memory;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.RateLimiterContract;
import java.time.Duration;
import java.time.Instant;

/** The in-memory limiter keeps the contract. */
class InMemoryRateLimiterContractTest extends RateLimiterContract {

    /** The monotonic clock wraps around in the midst of each test. */
    private final ManualTime time = new ManualTime(Instant.parse("2027-12-30T23:59:00Z"), Long.MAX_VALUE - 1_000);

    private final RateLimiter limiter = InMemoryRateLimiter.builder().time(time).build();

    @Override
    protected RateLimiter limiter() {
        return limiter;
    }

    @Override
    protected void advance(Duration length) {
        time.advance(length);
    }

    @Override
    protected Instant wall() {
        return Instant.ofEpochMilli(time.wallMillis());
    }
}
