package dev.interlock.policy.cli.io;

import java.time.Duration;

/** Durations for people. */
public final class Spans {

    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;

    private Spans() {}

    /** Returns a duration in its one or two largest units, rounded up: {@code 2 d 3 h}, {@code 45 s}. */
    public static String of(Duration duration) {
        long seconds = duration.plusNanos(999_999_999).toSeconds();
        if (seconds >= DAY) {
            return two(seconds, DAY, "d", HOUR, "h");
        } else if (seconds >= HOUR) {
            return two(seconds, HOUR, "h", MINUTE, "min");
        }
        return seconds >= MINUTE ? two(seconds, MINUTE, "min", 1, "s") : Math.max(0, seconds) + " s";
    }

    private static String two(long seconds, long large, String of, long small, String more) {
        long rest = seconds % large / small;
        return seconds / large + " " + of + (rest == 0 ? "" : " " + rest + " " + more);
    }
}
