package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.LimitRule;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Translates limits from the policy's types to the limiter's. */
final class LimitRules {

    private LimitRules() {}

    /**
     * The rule of a limit.
     *
     * @param max the most that it counts, or null if it only counts; only a fixed window may
     */
    static LimitRule of(Limit limit, @Nullable Amount max) {
        if (limit.lease() != null) {
            return new LimitRule.Concurrent(Objects.requireNonNull(max), limit.lease());
        }
        Window window = Objects.requireNonNull(limit.window(), "the limit of one call counts nothing");
        return switch (limit.algorithm()) {
            case TOKEN_BUCKET -> new LimitRule.TokenBucket(Objects.requireNonNull(max), length(window));
            case SLIDING_WINDOW -> new LimitRule.SlidingWindow(Objects.requireNonNull(max), length(window));
            case FIXED_WINDOW -> new LimitRule.FixedWindow(max, counted(window));
        };
    }

    /** All zones show a new minute at the same time. */
    private static Window counted(Window window) {
        return window instanceof Window.InZone zoned && zoned.unit() == Window.Calendar.MINUTE ? zoned.unit() : window;
    }

    private static Duration length(Window window) {
        if (window instanceof Window.Length length) {
            return length.duration();
        }
        return ((Window.Calendar) window)
                .length()
                .orElseThrow(() -> new IllegalArgumentException("a month has no one length"))
                .duration();
    }
}
