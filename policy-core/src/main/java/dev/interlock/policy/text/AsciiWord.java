package dev.interlock.policy.text;

/** The characters that RE2's {@code \w} and {@code \b} go by: ASCII letters, digits and the underscore. */
final class AsciiWord {

    private AsciiWord() {}

    static boolean isPart(char c) {
        return isAlphanumeric(c) || c == '_';
    }

    static boolean isAlphanumeric(char c) {
        return isLetter(c) || isDigit(c);
    }

    static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || isCapital(c);
    }

    static boolean isCapital(char c) {
        return c >= 'A' && c <= 'Z';
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Whether a word may begin at {@code index}: no part of a word stands before it. */
    static boolean mayBegin(String text, int index) {
        return index == 0 || !isPart(text.charAt(index - 1));
    }

    /** Whether a word may end at {@code index}: no part of a word stands there. */
    static boolean mayEnd(String text, int index) {
        return index == text.length() || !isPart(text.charAt(index));
    }
}
