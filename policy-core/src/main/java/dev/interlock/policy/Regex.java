package dev.interlock.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * An RE2 pattern, searched for anywhere in a text. Searching takes time in proportion to the text's length times the
 * pattern's size, whatever either of them is; {@link #canSearch} bounds that product. Immutable and thread-safe.
 *
 * <p>RE2/J does the work. Like Go's {@code regexp}, and unlike RE2/J alone, a pattern is refused whose nested repetitions
 * multiply to more than 1,000: {@code (a{100}){100}} would be unfolded to ten thousand steps.
 */
public final class Regex {

    private static final int MAX_REPEAT = 1_000;

    /** With {@link #MAX_REPEAT}, bounds what a pattern can unfold to. */
    private static final int MAX_LENGTH = 8_192;

    /** RE2/J walks groups by recursion. */
    private static final int MAX_NESTING = 250;

    /** Steps, at some tens of nanoseconds each: an upper bound of about a second, far beyond what real policies need. */
    private static final long MAX_STEPS = 50_000_000;

    private final Pattern pattern;
    private final int size;

    private Regex(Pattern pattern) {
        this.pattern = pattern;
        this.size = Math.max(1, pattern.programSize());
    }

    /**
     * Compiles a pattern.
     *
     * @throws IllegalArgumentException if it isn't valid; the message says why
     */
    public static Regex compile(String pattern) {
        refuseWhatUnfoldsTooFar(pattern);
        try {
            return new Regex(Pattern.compile(pattern));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getDescription() + ": " + e.getPattern(), e);
        }
    }

    /** Whether a search through {@code text} is short enough to be made at all. */
    public boolean canSearch(String text) {
        return (long) size * text.length() <= MAX_STEPS;
    }

    /** Whether the pattern matches somewhere in {@code text}. */
    public boolean find(String text) {
        return pattern.matcher(text).find();
    }

    /** The pattern as written. */
    @Override
    public String toString() {
        return pattern.pattern();
    }

    /**
     * Walks through the pattern once. For every group that is open it keeps the largest product of repetitions seen so
     * far inside; what is no repetition is left to RE2/J to judge.
     */
    private static void refuseWhatUnfoldsTooFar(String pattern) {
        if (pattern.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("longer than " + MAX_LENGTH + " characters");
        }
        Deque<Long> open = new ArrayDeque<>();
        long largest = 1;
        long last = 1;
        int i = 0;
        while (i < pattern.length()) {
            char c = pattern.charAt(i);
            int next = i + 1;
            if (c == '\\') {
                last = 1;
                next = pattern.startsWith("\\Q", i) ? endOfQuote(pattern, i) : i + 2;
            } else if (c == '[') {
                last = 1;
                next = endOfClass(pattern, i);
            } else if (c == '(') {
                open.push(largest);
                if (open.size() > MAX_NESTING) {
                    throw new IllegalArgumentException("groups nested deeper than " + MAX_NESTING);
                }
                largest = 1;
                last = 1;
            } else if (c == ')' && !open.isEmpty()) {
                last = largest;
                largest = Math.max(open.pop(), last);
            } else if (c == '{') {
                int end = pattern.indexOf('}', i);
                long times = end < 0 ? -1 : times(pattern.substring(i + 1, end));
                if (times >= 0) {
                    last *= Math.max(1, times);
                    if (last > MAX_REPEAT) {
                        throw new IllegalArgumentException(
                                "repetitions multiply to more than " + MAX_REPEAT + ": " + pattern);
                    }
                    largest = Math.max(largest, last);
                    next = end + 1;
                } else {
                    last = 1;
                }
            } else if (c != '?' && c != '*' && c != '+') {
                last = 1;
            }
            i = next;
        }
    }

    private static int endOfQuote(String pattern, int start) {
        int end = pattern.indexOf("\\E", start + 2);
        return end < 0 ? pattern.length() : end + 2;
    }

    private static int endOfClass(String pattern, int start) {
        int i = start + 1;
        if (i < pattern.length() && pattern.charAt(i) == '^') {
            i++;
        }
        // A bracket that comes first stands for itself.
        if (i < pattern.length() && pattern.charAt(i) == ']') {
            i++;
        }
        while (i < pattern.length() && pattern.charAt(i) != ']') {
            if (pattern.startsWith("[:", i) && pattern.indexOf(":]", i + 2) >= 0) {
                i = pattern.indexOf(":]", i + 2) + 2;
            } else {
                i += pattern.charAt(i) == '\\' ? 2 : 1;
            }
        }
        return i + 1;
    }

    /** The larger number of {@code n}, {@code n,} or {@code n,m}; -1 if it is none of these. */
    private static long times(String text) {
        int comma = text.indexOf(',');
        long first = number(comma < 0 ? text : text.substring(0, comma));
        if (first < 0 || comma < 0 || comma == text.length() - 1) {
            return first;
        }
        long second = number(text.substring(comma + 1));
        return second < 0 ? -1 : Math.max(first, second);
    }

    private static long number(String text) {
        if (text.isEmpty() || text.length() > 9 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        return Long.parseLong(text);
    }
}
