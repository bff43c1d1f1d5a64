package dev.interlock.policy.value;

import dev.interlock.policy.text.Skeleton;
import java.util.Locale;

/**
 * The name of a member to be read, with what is needed to find out whether another member of an object passes for it. Two
 * names of visible ASCII characters pass for one another if they are equal but for case. If one of the two has another
 * character, they do if they are equal but for case, blanks, characters that can't be seen and letters that look alike.
 * Immutable.
 */
public final class MemberName {

    private final String text;
    private final String folded;
    private final String skeleton;
    private final long mask;
    private final boolean plain;

    private MemberName(String text) {
        this.text = text;
        this.skeleton = Skeleton.visible(text);
        long bit = bit(text);
        this.plain = bit != 0;
        this.mask = plain ? bit : -1;
        this.folded = plain ? fold(text) : text;
    }

    /** The member name of that text. */
    public static MemberName of(String text) {
        return new MemberName(text);
    }

    /** The name itself. */
    public String text() {
        return text;
    }

    /** Whether a member of that other name passes for this one. What can't be compared passes for any other. */
    public boolean isPassedForBy(String other) {
        if (other.equals(text)) {
            return false;
        }
        return (plain && isPlain(other))
                ? other.equalsIgnoreCase(text)
                : Skeleton.hasLongRow(other)
                        || Skeleton.hasLongRow(text)
                        || Skeleton.visible(other).equals(skeleton);
    }

    /** The name without its case, if it is plain. */
    String folded() {
        return folded;
    }

    String skeleton() {
        return skeleton;
    }

    /** The bit that each plain name has that passes for this one; all bits if this one isn't plain. */
    long mask() {
        return mask;
    }

    /**
     * One of 64 bits, the same for all plain names that pass for one another; 0 if the name isn't plain. A name is plain
     * if all of its characters are ASCII and can be seen.
     */
    static long bit(String name) {
        int hash = name.length();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7F) {
                return 0;
            }
            hash = 31 * hash + (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
        return 1L << (hash ^ hash >>> 15);
    }

    static boolean isPlain(String name) {
        return bit(name) != 0;
    }

    /** A plain name without its case. */
    static String fold(String plain) {
        return plain.toLowerCase(Locale.ROOT);
    }

    /** Whether a plain name passes for this one, which must be plain, too. */
    boolean isPassedForByPlain(String other) {
        return other.equalsIgnoreCase(text) && !other.equals(text);
    }

    boolean isPlain() {
        return plain;
    }

    @Override
    public String toString() {
        return text;
    }
}
