package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import java.time.Duration;
import java.util.List;

/**
 * Everything that one call is charged to. A key may occur more than once; its amounts then add up.
 *
 * @param id the decision's id, by which a store that is reached over a network recognizes a repeated request for the
 *     same call; unique for each call, and empty for a limiter that doesn't {@linkplain RateLimiter#blocks() block}
 * @param charges the charges, in the order in which a refusal is reported; at least one
 * @param strict whether only the store itself may grant the batch: if the store can't be reached, the batch is refused,
 *     whatever the host has chosen for other batches
 */
public record Batch(String id, List<Charge> charges, boolean strict) {

    /** Copies the charges; refuses an empty batch. */
    public Batch {
        charges = List.copyOf(charges);
        if (charges.isEmpty()) {
            throw new IllegalArgumentException("a batch needs at least one charge");
        }
    }

    /** What a call is charged to by the limits of a policy. */
    public Batch(String id, List<Charge> charges) {
        this(id, charges, false);
    }

    /**
     * A batch that uses up a key: of all such batches with this key, one is granted and all others are refused.
     *
     * @param id as in {@link #id}
     * @param caller the caller that the key is charged to, for the bound on keys
     * @param lifetime for how long the key stays used up; after that, it may be used again
     */
    public static Batch once(String id, LimitKey key, Caller caller, Duration lifetime) {
        LimitRule rule = new LimitRule.TokenBucket(Amount.ONE, lifetime);
        return new Batch(id, List.of(new Charge(key, rule, Amount.ONE, ChargeMode.SENT, caller)), true);
    }
}
