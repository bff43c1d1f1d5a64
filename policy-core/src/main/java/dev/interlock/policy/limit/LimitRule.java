package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Window;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How one limit counts. */
public sealed interface LimitRule {

    /** Returns the maximum, or null if the limit only counts. */
    @Nullable
    Amount max();

    /**
     * At most {@code max} at once, refilled evenly at {@code max} per {@code window}; starts full. In any interval of
     * length t, at most {@code max · (1 + t / window)}.
     */
    record TokenBucket(Amount max, Duration window) implements LimitRule {

        /** Refuses a window that is not between one nanosecond and {@link Window.Length#MAX}. */
        public TokenBucket {
            checkWindow(window);
        }
    }

    /** Never more than {@code max} in any interval of length {@code window}. */
    record SlidingWindow(Amount max, Duration window) implements LimitRule {

        /** Refuses a window that is not between one nanosecond and {@link Window.Length#MAX}. */
        public SlidingWindow {
            checkWindow(window);
        }
    }

    /**
     * At most {@code max} in each window of the wall clock: calendar units in UTC or in their zone, lengths in
     * multiples counted from 1970-01-01T00:00:00Z.
     */
    record FixedWindow(@Nullable Amount max, Window window) implements LimitRule {}

    /**
     * At most {@code max} calls at the same time. A call takes a place, and gives it back when it is settled, whatever
     * its outcome; or when {@code lease} has passed, for a call that is never settled.
     */
    record Concurrent(Amount max, Duration lease) implements LimitRule {

        /** Refuses a lease that is not between one nanosecond and {@link Window.Length#MAX}. */
        public Concurrent {
            checkWindow(lease);
        }
    }

    private static void checkWindow(Duration window) {
        if (window.isNegative() || window.isZero() || window.compareTo(Window.Length.MAX) > 0) {
            throw new IllegalArgumentException("a window or lease must be between 1 ns and 366 days, was " + window);
        }
    }
}
