package dev.interlock.policy.time;

/**
 * The time, read two ways. Calendar windows follow the wall clock, which may step in either direction; everything that
 * measures a length follows the monotonic one. Implementations are thread-safe.
 */
public interface TimeSource {

    /** The wall clock, in milliseconds since 1970-01-01T00:00:00Z. */
    long wallMillis();

    /** A clock that never runs backwards, in nanoseconds since an arbitrary moment; only differences mean anything. */
    long monotonicNanos();

    /** The clocks of the JVM. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
