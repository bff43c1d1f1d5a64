package dev.interlock.policy.value;

import dev.interlock.policy.text.Skeleton;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of members that have a meaning in some object. Also recognizes names that a careless reader would take for
 * them, as {@link MemberName} defines. Immutable.
 */
public final class KnownNames {

    private final Map<String, String> bySkeleton = new HashMap<>();
    private final long mask;

    private KnownNames(String... names) {
        long bits = 0;
        for (String name : names) {
            bySkeleton.put(Skeleton.visible(name), name);
            bits |= MemberName.of(name).mask();
        }
        mask = bits;
    }

    /** Returns the known names with these texts. */
    public static KnownNames of(String... names) {
        return new KnownNames(names);
    }

    /** Returns the known name that a name equals or looks like; null if there is none. */
    public @Nullable String meant(String name) {
        long bit = MemberName.bit(name);
        if (bit != 0) {
            // Most names: plain, and without the bit of a known name. They need no skeleton.
            return (bit & mask) == 0 ? null : ignoringCase(name);
        }
        String known = bySkeleton.get(Skeleton.visible(name));
        // Many readers ignore case letter by letter. That makes some letters equal that have no form in common.
        return known == null ? ignoringCase(name) : known;
    }

    private @Nullable String ignoringCase(String name) {
        for (String known : bySkeleton.values()) {
            if (known.equalsIgnoreCase(name)) {
                return known;
            }
        }
        return null;
    }

    /** Returns whether a name looks like a known one but differs from it. */
    public boolean isLookAlike(@Nullable Object name) {
        if (!(name instanceof String text)) {
            return false;
        }
        String known = meant(text);
        return known != null && !known.equals(text);
    }
}
