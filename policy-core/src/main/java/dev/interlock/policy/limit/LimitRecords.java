package dev.interlock.policy.limit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shows to a person what a limiter has counted, and forgets it when a person says so. Not on the way of a call: a
 * listing may take long, and others may count meanwhile.
 */
public interface LimitRecords {

    /**
     * Returns what is counted, in the order of the keys. Keys that are back at a fresh start are left out.
     *
     * @param after the key after which the list begins; null for the first
     * @param most how many are returned at most, at least 1
     * @throws UnavailableException if the store can't be reached
     */
    List<LimitRecord> list(@Nullable LimitKey after, int most);

    /**
     * Forgets what is counted under a key, places of calls that are under way included. What such a call would give
     * back later changes nothing any more.
     *
     * @return whether anything was counted
     * @throws UnavailableException if the store can't be reached, or it is not known whether it has forgotten
     */
    boolean reset(LimitKey key);
}
