package dev.interlock.policy.time;

/**
 * The time, from two clocks. Calendar windows follow the wall clock, which may step in either direction. Everything
 * that measures a length follows the monotonic clock. Implementations must be thread-safe.
 */
public interface TimeSource {

    /** Returns the wall clock, in milliseconds since 1970-01-01T00:00:00Z. */
    long wallMillis();

    /**
     * Returns a clock that never runs backwards, in nanoseconds since an arbitrary moment. Only differences have a
     * meaning.
     */
    long monotonicNanos();

    /** Returns the clocks of the JVM. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
