package dev.interlock.policy.cli;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.time.TimeSource;

/** Time that stands still, so that no limit refills while a slow machine counts calls. */
public enum StandingTime implements TimeSource {
    /** Some noon. */
    INSTANCE;

    /** A limiter by this time. */
    public static RateLimiter limiter() {
        return InMemoryRateLimiter.builder().time(INSTANCE).build();
    }

    @Override
    public long wallMillis() {
        return 43_200_000;
    }

    @Override
    public long monotonicNanos() {
        return 0;
    }
}
