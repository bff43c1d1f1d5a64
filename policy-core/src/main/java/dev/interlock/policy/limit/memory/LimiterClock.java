package dev.interlock.policy.limit.memory;

import dev.interlock.policy.time.TimeSource;

/**
 * The limiter's clock. It counts monotonic time from its own creation. The source's origin is arbitrary and its
 * readings may wrap, so only the differences between readings have a meaning.
 */
final class LimiterClock {

    /**
     * The last moment that can be represented, 73 years ahead. There time stands still, and nothing is refilled any
     * more.
     */
    static final long END = 1L << 61;

    private final TimeSource source;
    private final long origin;

    LimiterClock(TimeSource source) {
        this.source = source;
        this.origin = source.monotonicNanos();
    }

    long nanos() {
        return Math.max(0, Math.min(source.monotonicNanos() - origin, END));
    }

    long wall() {
        return CalendarWindows.clamp(source.wallMillis());
    }

    ClockReading read() {
        return new ClockReading(nanos(), wall());
    }
}
