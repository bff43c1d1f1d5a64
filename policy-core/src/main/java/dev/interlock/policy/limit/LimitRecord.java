package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is counted under one key.
 *
 * @param key the key
 * @param rule the rule that it was last counted by. Its maximum is null, or {@link Amount#MAX}, where the store
 *     doesn't keep it, which says nothing of the policy
 * @param used what is counted now, as {@link Usage#used}
 * @param fresh how long until nothing is counted any more if nothing is added; null if that is not known
 */
public record LimitRecord(
        LimitKey key, LimitRule rule, Amount used, @Nullable Duration fresh) {

    /** Names the limit; never the subject or an amount. */
    @Override
    public String toString() {
        return "what is counted of " + key;
    }
}
