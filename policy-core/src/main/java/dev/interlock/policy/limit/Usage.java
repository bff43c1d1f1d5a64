package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a limit stands.
 *
 * @param used what is counted in the current window; for a token bucket, what is missing from a full bucket, rounded up
 *     to a whole call; {@link Amount#MAX} if it is larger, or if it is unknown and must be treated as everything
 * @param room how much more there is room for now; null if the limit only counts
 * @param retryAfter how long until there is room for the charge in question; zero if there is room now, null if there
 *     never will be
 */
public record Usage(
        Amount used, @Nullable Amount room, @Nullable Duration retryAfter) {

    /** Omits the amounts: what one call has used may be an argument. */
    @Override
    public String toString() {
        return "usage of a limit";
    }
}
