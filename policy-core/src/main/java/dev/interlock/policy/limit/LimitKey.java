package dev.interlock.policy.limit;

import org.jspecify.annotations.Nullable;

/**
 * What is counted together. Two charges with equal keys share one count.
 *
 * @param limit the limit within the policy, stable across reloads of it: the entry's key, the counter's or rule's name
 *     and, where tools are counted apart, an {@code @} and the tool
 * @param subject the session or identity that is counted apart; empty if the limit doesn't tell them apart
 */
public record LimitKey(String limit, String subject) implements Comparable<LimitKey> {

    /** From the hashes that strings keep. Written out, like {@link #equals}, as it is on every call's way. */
    @Override
    public int hashCode() {
        return 31 * limit.hashCode() + subject.hashCode();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LimitKey key && subject.equals(key.subject) && limit.equals(key.limit);
    }

    /** The limit whatever the tool: what stands before the first {@code @}. */
    public String family() {
        int end = limit.indexOf('@');
        return end < 0 ? limit : limit.substring(0, end);
    }

    /** Names the limit; never the subject, which is a session or an identity. */
    @Override
    public String toString() {
        return limit;
    }

    /** By limit, then by subject. A store may claim keys in this order; a hash table falls back on it for colliding ones. */
    @Override
    public int compareTo(LimitKey other) {
        int byLimit = limit.compareTo(other.limit);
        return byLimit != 0 ? byLimit : subject.compareTo(other.subject);
    }
}
