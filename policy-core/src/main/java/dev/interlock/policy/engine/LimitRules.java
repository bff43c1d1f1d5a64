package dev.interlock.policy.engine;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.LimitRule;
import java.time.Duration;

/** Translates limits from the policy's types to the limiter's. */
final class LimitRules {

    private LimitRules() {}

    static LimitRule of(Algorithm algorithm, Amount max, Window window) {
        return switch (algorithm) {
            case TOKEN_BUCKET -> new LimitRule.TokenBucket(max, length(window));
            case SLIDING_WINDOW -> new LimitRule.SlidingWindow(max, length(window));
            case FIXED_WINDOW -> new LimitRule.FixedWindow(max, window);
        };
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
