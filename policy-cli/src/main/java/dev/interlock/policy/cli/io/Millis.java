package dev.interlock.policy.cli.io;

import java.time.Duration;

/** Lengths of time in milliseconds. */
public final class Millis {

    private static final long NANOS = 1_000_000;

    private Millis() {}

    /** Rounded up: whoever waits that long has waited long enough. */
    public static long up(Duration duration) {
        try {
            return duration.plusNanos(NANOS - 1).toMillis();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
