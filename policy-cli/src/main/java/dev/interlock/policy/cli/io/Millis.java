package dev.interlock.policy.cli.io;

import java.time.Duration;

/** Converts durations to milliseconds. */
public final class Millis {

    private static final long NANOS = 1_000_000;

    private Millis() {}

    /** Rounds up, so that a wait of this length is long enough. */
    public static long up(Duration duration) {
        try {
            return duration.plusNanos(NANOS - 1).toMillis();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
