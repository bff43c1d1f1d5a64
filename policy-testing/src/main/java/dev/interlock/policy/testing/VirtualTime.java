package dev.interlock.policy.testing;

import dev.interlock.policy.time.TimeSource;

/** Both clocks, moved by hand. The wall clock goes wherever it is put; the other one never goes back with it. */
final class VirtualTime implements TimeSource {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** As far as a clock of nanoseconds reaches. */
    private static final long MOST_MILLIS = Long.MAX_VALUE / NANOS_PER_MILLI;

    private volatile long wall;
    private volatile long monotonic = -MOST_MILLIS;

    void moveTo(long wallMillis) {
        if (Math.abs(wallMillis) > MOST_MILLIS) {
            throw new IllegalArgumentException("a time must be within 292 years of 1970, was " + wallMillis + " ms");
        }
        wall = wallMillis;
        monotonic = Math.max(monotonic, wallMillis);
    }

    @Override
    public long wallMillis() {
        return wall;
    }

    @Override
    public long monotonicNanos() {
        return monotonic * NANOS_PER_MILLI;
    }
}
