package dev.interlock.policy;

import org.jspecify.annotations.Nullable;

/**
 * A counter together with its limit: an item of {@code limits}.
 *
 * @param counter the counter's name within its entry
 * @param max the most that may be counted in a window
 * @param window the window
 * @param algorithm how it counts
 * @param scope what it counts separately
 * @param incrementFrom the argument that holds how much a call counts; null if each call counts one
 * @param charge when an amount is given back
 * @param message what the agent is told if there is no room, or null for a built-in message
 * @param place where it stands
 */
public record Limit(
        String counter,
        Amount max,
        Window window,
        Algorithm algorithm,
        Scope scope,
        @Nullable Path incrementFrom,
        ChargeMode charge,
        @Nullable String message,
        Place place) {

    /** Refuses a limit that can't be counted. */
    public Limit {
        Counter.requireName(counter);
        Counter.requireArgument(incrementFrom);
        RateLimit.requireLength(algorithm, window);
    }
}
