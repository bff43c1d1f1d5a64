package dev.interlock.policy.limit;

import org.jspecify.annotations.Nullable;

/**
 * What is counted together. Two charges with equal keys share one count.
 *
 * @param limit the limit within the policy, stable when the policy is reloaded: the entry's key, the counter's or
 *     rule's name and, if tools are counted separately, an {@code @} and the tool
 * @param subject the session or identity that is counted separately; empty if the limit doesn't distinguish them
 * @param partition the values of the call that are counted separately: {@code per}; empty if there are none
 */
public record LimitKey(String limit, String subject, String partition) implements Comparable<LimitKey> {

    /** The key of a limit that counts separately by its scope alone. */
    public LimitKey(String limit, String subject) {
        this(limit, subject, "");
    }

    /** Uses the hashes that strings cache. Written by hand, like {@link #equals}, because every call uses it. */
    @Override
    public int hashCode() {
        return 31 * limit.hashCode() + subject.hashCode() + 961 * partition.hashCode();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LimitKey key
                && subject.equals(key.subject)
                && limit.equals(key.limit)
                && partition.equals(key.partition);
    }

    /** Returns the limit without the tool: the part before the first {@code @}. */
    public String family() {
        int end = limit.indexOf('@');
        return end < 0 ? limit : limit.substring(0, end);
    }

    /** Names the limit; never the subject, which is a session or an identity, or the values of the call. */
    @Override
    public String toString() {
        return limit;
    }

    /**
     * Orders by limit, then by subject, then by the values of the call. A store may claim keys in this order; a hash
     * table uses it for keys that collide.
     */
    @Override
    public int compareTo(LimitKey other) {
        int byLimit = limit.compareTo(other.limit);
        int bySubject = byLimit != 0 ? byLimit : subject.compareTo(other.subject);
        return bySubject != 0 ? bySubject : partition.compareTo(other.partition);
    }
}
