package dev.interlock.policy.limit;

import java.util.List;

/**
 * Everything that one call is charged to. A key may occur more than once; its amounts then add up.
 *
 * @param id the decision's id, by which a store that is reached over a network recognizes a repeated request for the
 *     same call; unique for each call, and empty for a limiter that doesn't {@linkplain RateLimiter#blocks() block}
 * @param charges the charges, in the order in which a refusal is reported; at least one
 */
public record Batch(String id, List<Charge> charges) {

    /** Copies the charges; refuses an empty batch. */
    public Batch {
        charges = List.copyOf(charges);
        if (charges.isEmpty()) {
            throw new IllegalArgumentException("a batch needs at least one charge");
        }
    }
}
