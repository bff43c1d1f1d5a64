package dev.interlock.policy.value;

import dev.interlock.policy.text.Skeleton;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Indexes the names of an object's members by what they look like. Immutable after construction, so it can be shared
 * without a lock.
 */
final class LookAlikeIndex {

    /** The {@linkplain MemberName#bit plain names} without case, and whether there are several of each. */
    private final Map<String, Boolean> plain = new HashMap<>();

    /** The skeletons of the plain names. */
    private final Set<String> plainSkeletons = new HashSet<>();

    /** The skeletons of the other names, and whether there are several of each. */
    private final Map<String, Boolean> foreign = new HashMap<>();

    /** Whether some name can't be compared, so that it could be taken for any other. */
    private final boolean unclear;

    LookAlikeIndex(Set<String> names) {
        boolean tooLong = false;
        for (String name : names) {
            if (MemberName.isPlain(name)) {
                plain.merge(MemberName.fold(name), false, (one, other) -> true);
                plainSkeletons.add(Skeleton.visible(name));
            } else {
                tooLong |= Skeleton.hasLongRow(name);
                foreign.merge(Skeleton.visible(name), false, (one, other) -> true);
            }
        }
        this.unclear = tooLong;
    }

    /**
     * Whether another member looks like {@code name}.
     *
     * @param there whether there is a member with exactly this name
     */
    boolean hasLookAlike(MemberName name, boolean there) {
        return unclear
                || (name.isPlain()
                        ? isAnother(plain.get(name.folded()), there) || foreign.containsKey(name.skeleton())
                        : isAnother(foreign.get(name.skeleton()), there) || plainSkeletons.contains(name.skeleton()));
    }

    /** Whether any two names look alike. */
    boolean hasLookAlikes() {
        return unclear
                || plain.containsValue(true)
                || foreign.containsValue(true)
                || foreign.keySet().stream().anyMatch(plainSkeletons::contains);
    }

    private static boolean isAnother(@Nullable Boolean several, boolean there) {
        return several != null && (!there || several);
    }
}
