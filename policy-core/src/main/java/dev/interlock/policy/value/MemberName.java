package dev.interlock.policy.value;

/**
 * The name of a member to be read, with what is needed to find out whether another member of an object passes for it.
 * Names pass for one another if they are equal but for case, blanks, characters that can't be seen and letters that look
 * alike. Immutable.
 */
public final class MemberName {

    private final String text;
    private final String skeleton;
    private final long mask;
    private final boolean plain;

    private MemberName(String text) {
        this.text = text;
        this.skeleton = Skeleton.visible(text);
        long bit = bit(text);
        this.plain = bit != 0;
        this.mask = plain ? bit : -1;
    }

    /** The member name of that text. */
    public static MemberName of(String text) {
        return new MemberName(text);
    }

    /** The name itself. */
    public String text() {
        return text;
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
     * if all of its characters are ASCII and can be seen: then it has as many characters as each plain name that passes
     * for it.
     */
    static long bit(String name) {
        int hash = name.length();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            char plain = c < 0x80 ? Skeleton.plain(c) : 0;
            if (plain == 0) {
                return 0;
            }
            hash = 31 * hash + plain;
        }
        return 1L << (hash ^ hash >>> 15);
    }

    /** Whether a name passes for this one without being it; both must be plain. */
    boolean isPassedForByPlain(String other) {
        int length = text.length();
        if (other.length() != length) {
            return false;
        }
        boolean same = true;
        for (int i = 0; i < length; i++) {
            char c = other.charAt(i);
            if (Skeleton.plain(c) != skeleton.charAt(i)) {
                return false;
            }
            same &= c == text.charAt(i);
        }
        return !same;
    }

    boolean isPlain() {
        return plain;
    }

    @Override
    public String toString() {
        return text;
    }
}
