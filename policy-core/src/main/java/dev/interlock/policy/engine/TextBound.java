package dev.interlock.policy.engine;

import dev.interlock.policy.text.Skeleton;

/**
 * The bound for texts that are normalized before they are compared. No path or URL in real use exceeds it, and the work
 * for a text within it is small, whatever the text contains.
 */
final class TextBound {

    static final int MAX_CHARACTERS = 4_096;

    private TextBound() {}

    /**
     * Whether a text has more characters than the bound, or more than {@value Skeleton#MAX_MARKS} combining marks in a
     * row.
     */
    static boolean isExceededBy(String text) {
        return isLong(text) || Skeleton.hasLongRow(text);
    }

    private static boolean isLong(String text) {
        int length = text.length();
        return length > MAX_CHARACTERS
                && (length > 2 * MAX_CHARACTERS || text.codePointCount(0, length) > MAX_CHARACTERS);
    }
}
