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
        this(source, source.monotonicNanos());
    }

    private LimiterClock(TimeSource source, long origin) {
        this.source = source;
        this.origin = origin;
    }

    /** A clock that stands still. */
    static LimiterClock standingAt(ClockReading moment) {
        return new LimiterClock(
                new TimeSource() {
                    @Override
                    public long wallMillis() {
                        return moment.wall();
                    }

                    @Override
                    public long monotonicNanos() {
                        return moment.nanos();
                    }
                },
                0);
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
