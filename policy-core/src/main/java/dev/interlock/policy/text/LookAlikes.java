package dev.interlock.policy.text;

import org.jspecify.annotations.Nullable;

/** Detects names that look alike: two names do if their {@linkplain Skeleton skeletons} are equal. */
public final class LookAlikes {

    /** The most characters (UTF-16 units) of a name. MCP asks for no more, and a longer name is denied. */
    public static final int MAX_NAME = 128;

    private static final int MAX_WORD = 64;

    private LookAlikes() {}

    /** Returns what is wrong with a name under every policy, or null if nothing is. */
    public static @Nullable String defect(String name) {
        if (name.isBlank()) {
            return "is blank";
        }
        if (!name.equals(name.strip())) {
            return "begins or ends with a space";
        }
        if (name.length() > MAX_NAME) {
            return "is longer than " + MAX_NAME + " characters";
        }
        return VisibleText.hasInvisible(name) ? "has a control or invisible character" : null;
    }

    /**
     * Returns whether nothing of a name is visible: it is empty, or consists of spaces, invisible characters and marks
     * without a letter.
     */
    public static boolean showsNothing(String name) {
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            if (c != ' ' && !VisibleText.isInvisible(c) && !VisibleText.isMark(c)) {
                return false;
            }
            i += Character.charCount(c);
        }
        return true;
    }

    /**
     * Returns whether a name that a server chose can be repeated to a model: it is not a sentence and hides nothing.
     */
    public static boolean isWord(String name) {
        return name.length() <= MAX_WORD && name.codePoints().noneMatch(c -> c == ' ' || VisibleText.isInvisible(c));
    }

    /**
     * Returns whether a name looks like one that the glob matches. If both are ASCII, they are compared ignoring only
     * case: no name disguises itself as some name that begins with 'i' by beginning with 'l'.
     */
    public static boolean passesFor(String name, NamePattern glob) {
        return (Skeleton.isAscii(name) && Skeleton.isAscii(glob.text()))
                ? new NamePattern(Skeleton.fold(glob.text())).matches(Skeleton.fold(name))
                : new NamePattern(Skeleton.of(glob.text())).matches(Skeleton.of(name));
    }
}
