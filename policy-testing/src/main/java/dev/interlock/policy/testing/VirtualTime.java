package dev.interlock.policy.testing;

import dev.interlock.policy.time.TimeSource;

/** Both clocks, set by hand. The wall clock can be set to any time; the monotonic clock never goes back with it. */
final class VirtualTime implements TimeSource {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Half of the range of a nanosecond clock, so that the difference of two times never overflows. */
    private static final long MOST_MILLIS = Long.MAX_VALUE / NANOS_PER_MILLI / 2;

    private volatile long wall;
    private volatile long elapsed;
    private long start;
    private boolean started;

    void moveTo(long wallMillis) {
        if (wallMillis < -MOST_MILLIS || wallMillis > MOST_MILLIS) {
            throw new IllegalArgumentException("a time must be within 146 years of 1970, was " + wallMillis + " ms");
        }
        if (!started) {
            started = true;
            start = wallMillis;
        }
        wall = wallMillis;
        elapsed = Math.max(elapsed, wallMillis - start);
    }

    @Override
    public long wallMillis() {
        return wall;
    }

    @Override
    public long monotonicNanos() {
        return elapsed * NANOS_PER_MILLI;
    }
}
