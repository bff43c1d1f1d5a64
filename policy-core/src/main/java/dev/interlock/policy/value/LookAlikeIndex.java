package dev.interlock.policy.value;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The names of an object's members by what they look like. Immutable once made, and so safe to share without a lock. */
final class LookAlikeIndex {

    /** How many names have a skeleton: one, or more. */
    private final Map<String, Boolean> severalBySkeleton;

    /** Whether some name can't be compared, so that it may pass for any other. */
    private final boolean unclear;

    LookAlikeIndex(Set<String> names) {
        Map<String, Boolean> several = new HashMap<>(2 * names.size());
        boolean tooLong = false;
        for (String name : names) {
            tooLong |= Skeleton.hasLongRow(name);
            several.merge(Skeleton.visible(name), false, (one, other) -> true);
        }
        this.severalBySkeleton = several;
        this.unclear = tooLong;
    }

    /**
     * Whether a member passes for that name.
     *
     * @param there whether a member has that very name
     */
    boolean hasLookAlike(MemberName name, boolean there) {
        if (unclear) {
            return true;
        }
        Boolean several = severalBySkeleton.get(name.skeleton());
        return several != null && (!there || several);
    }
}
