package dev.interlock.policy.value;

import dev.interlock.policy.text.Skeleton;
import java.util.Locale;

/**
 * The name of a member to read, prepared for finding another member of the object that could be taken for it. Two names
 * of visible ASCII characters look alike if they are equal except for case. If either name has another character, they
 * look alike if they are equal except for case, blanks, invisible characters and letters that look alike. Immutable.
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

    /** Returns the member name with this text. */
    public static MemberName of(String text) {
        return new MemberName(text);
    }

    /** Returns the name itself. */
    public String text() {
        return text;
    }

    /**
     * Returns whether a member with that other name could be taken for this one. A name that can't be compared could be
     * taken for any other.
     */
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

    /** The bit that all plain names share that could be taken for this one. All bits if this name isn't plain. */
    long mask() {
        return mask;
    }

    /**
     * One of 64 bits, the same for all plain names that look alike; 0 if the name isn't plain. A name is plain if all
     * of its characters are visible ASCII characters.
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

    /** Whether a plain name could be taken for this one, which must also be plain. */
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
