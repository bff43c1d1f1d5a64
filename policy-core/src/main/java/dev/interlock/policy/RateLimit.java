package dev.interlock.policy;

/**
 * A number of calls in a window: {@code rate_limit} in a rule.
 *
 * @param max how many calls; at least 1
 * @param window the window
 * @param algorithm how it counts
 * @param scope what it counts separately
 * @param charge when a call is given back
 * @param shorthand whether it was written as {@code 5/hour}. The name of such a limit's counter comes from the window,
 *     so one entry may have only one for each window
 */
public record RateLimit(
        long max, Window window, Algorithm algorithm, Scope scope, ChargeMode charge, boolean shorthand) {

    /** The largest {@code max}. */
    public static final long MAX = 1_000_000_000_000L;

    /** Refuses a limit that can't be counted. */
    public RateLimit {
        if (max < 1 || max > MAX) {
            throw new IllegalArgumentException("a rate limit must be between 1 and " + MAX + ", was " + max);
        }
        requireLength(algorithm, window);
    }

    static void requireLength(Algorithm algorithm, Window window) {
        if (algorithm != Algorithm.FIXED_WINDOW && window == Window.Calendar.MONTH) {
            throw new IllegalArgumentException("a " + algorithm.text()
                    + " needs a window of one length, and months differ; write a length such as 30d");
        }
    }
}
