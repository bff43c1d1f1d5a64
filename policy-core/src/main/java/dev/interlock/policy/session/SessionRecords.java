package dev.interlock.policy.session;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows to a person which sessions have marks, and takes the marks away when a person says so. */
public interface SessionRecords {

    /**
     * Returns the sessions that have marks now, in the order of their names.
     *
     * @param after the session after which the list begins; null for the first
     * @param most how many are returned at most, at least 1
     * @throws dev.interlock.policy.limit.UnavailableException if the store can't be reached
     */
    List<SessionRecord> list(@Nullable String after, int most);

    /**
     * Takes all marks from a session. Room that calls under way have reserved stays theirs, and what they set later is
     * set.
     *
     * @return whether the session had marks
     * @throws dev.interlock.policy.limit.UnavailableException if the store can't be reached, or it is not known whether
     *     it has cleared
     */
    boolean clear(String session);
}
