package dev.interlock.policy;

import java.util.Locale;

/** How a limit counts. The limiter's implementation states the bound of each as a formula. */
public enum Algorithm {
    /** At most {@code max} at once, refilled evenly. */
    TOKEN_BUCKET,
    /** At most {@code max} between two edges of the calendar; at most twice that across an edge. */
    FIXED_WINDOW,
    /** Never more than {@code max} in any interval as long as the window. */
    SLIDING_WINDOW;

    /** Returns the algorithm as policies write it: {@code token_bucket}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
