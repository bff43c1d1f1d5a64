package dev.interlock.policy.value;

import dev.interlock.policy.text.Skeleton;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of members that have a meaning in some object, and the names that pass for them to a careless reader, as {@link
 * MemberName} says. Immutable.
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

    /** The known names of those texts. */
    public static KnownNames of(String... names) {
        return new KnownNames(names);
    }

    /** The known name that a name is, or passes for; null if there is none. */
    public @Nullable String meant(String name) {
        long bit = MemberName.bit(name);
        if (bit != 0) {
            // Most names: plain, and of no known one's bit. No skeleton need be made.
            return (bit & mask) == 0 ? null : ignoringCase(name);
        }
        String known = bySkeleton.get(Skeleton.visible(name));
        // Ignoring case letter by letter, as many readers do, makes some letters equal that have no form in common.
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

    /** Whether a name passes for a known one without being it. */
    public boolean isLookAlike(@Nullable Object name) {
        if (!(name instanceof String text)) {
            return false;
        }
        String known = meant(text);
        return known != null && !known.equals(text);
    }
}
