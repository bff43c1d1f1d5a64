package dev.interlock.policy.engine;

import dev.interlock.policy.text.Skeleton;

/**
 * The bound of texts that are normalized to be compared. No path or URL that anyone uses exceeds it, and the work for one
 * within it is small, whatever it is made of.
 */
final class TextBound {

    static final int MAX_CHARACTERS = 4_096;

    private TextBound() {}

    /** Whether a text has more characters than that, or more than {@value Skeleton#MAX_MARKS} combining marks in a row. */
    static boolean isExceededBy(String text) {
        return isLong(text) || Skeleton.hasLongRow(text);
    }

    private static boolean isLong(String text) {
        int length = text.length();
        return length > MAX_CHARACTERS
                && (length > 2 * MAX_CHARACTERS || text.codePointCount(0, length) > MAX_CHARACTERS);
    }
}
