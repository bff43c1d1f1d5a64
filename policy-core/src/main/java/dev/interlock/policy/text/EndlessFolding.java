package dev.interlock.policy.text;

import java.util.regex.Pattern;

/**
 * Finds patterns for which RE2/J's compiler never ends. If a pattern ignores case, the compiler goes from each named
 * letter, also one in a range, through that letter's other cases until it is back at the start. From U+1C80 to U+1C88
 * it never gets back: the capitals of these letters belong to other letters, and RE2/J's own table of such letters is
 * older than they are.
 *
 * <p>If in doubt, a pattern counts as one of these: it isn't checked whether case is ignored at that very place.
 */
final class EndlessFolding {

    private static final int FIRST = 0x1C80;
    private static final int LAST = 0x1C88;

    private static final Pattern IGNORES_CASE = Pattern.compile("\\(\\?[a-zA-Z-]*i");

    /** Stands for anything that is not a single character, such as {@code \pL}. */
    private static final int NONE = -1;

    private final String pattern;
    private int at;

    private EndlessFolding(String pattern) {
        this.pattern = pattern;
    }

    /** Whether compiling {@code pattern} might never end. */
    static boolean isIn(String pattern) {
        return IGNORES_CASE.matcher(pattern).find() && new EndlessFolding(pattern).isMet();
    }

    private boolean isMet() {
        if (pattern.chars().anyMatch(c -> c >= FIRST && c <= LAST)) {
            return true;
        }
        while (at < pattern.length()) {
            if (pattern.charAt(at) == '[') {
                at++;
                if (isMetByClass()) {
                    return true;
                }
            } else {
                int c = character();
                if (c >= FIRST && c <= LAST) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isMetByClass() {
        if (at < pattern.length() && pattern.charAt(at) == '^') {
            at++;
        }
        // A bracket that comes first stands for itself.
        for (boolean first = true; at < pattern.length() && (first || pattern.charAt(at) != ']'); first = false) {
            int end = pattern.startsWith("[:", at) ? pattern.indexOf(":]", at + 2) : -1;
            if (end >= 0) {
                at = end + 2;
                continue;
            }
            int low = character();
            int high = low;
            if (at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
                at++;
                high = character();
            }
            if (low <= LAST && high >= FIRST) {
                return true;
            }
        }
        at++;
        return false;
    }

    /**
     * The character at this position, or {@link #NONE}. Octal escapes are read wrongly, but only as equally small
     * values.
     */
    private int character() {
        int c = next();
        if (c != '\\' || at == pattern.length()) {
            return c;
        }
        int escaped = next();
        if (escaped == 'p' || escaped == 'P') {
            int end = pattern.startsWith("{", at) ? pattern.indexOf('}', at) : at;
            at = Math.min(end < 0 ? pattern.length() : end + 1, pattern.length());
            return NONE;
        }
        return escaped == 'x' ? hexadecimal() : escaped;
    }

    private int hexadecimal() {
        boolean braces = pattern.startsWith("{", at);
        int from = braces ? at + 1 : at;
        int to = Math.min(braces ? pattern.indexOf('}', at) : at + 2, pattern.length());
        if (to < 0) {
            return NONE;
        }
        at = braces ? to + 1 : to;
        try {
            return Integer.parseInt(pattern.substring(from, to), 16);
        } catch (NumberFormatException e) {
            // Then it is not a valid pattern, and the compiler rejects it before it would get here.
            return NONE;
        }
    }

    private int next() {
        int c = pattern.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }
}
