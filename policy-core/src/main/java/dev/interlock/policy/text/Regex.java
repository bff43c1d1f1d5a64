package dev.interlock.policy.text;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * An RE2 pattern that is searched for anywhere in a text. A search takes time proportional to the text's length times
 * the pattern's size, whatever they are; {@link #canSearch} bounds that product. Immutable and thread-safe.
 *
 * <p>RE2/J does the work, except for patterns of the simplest shapes; see {@link DirectMatcher}. As in Go's
 * {@code regexp}, but not in RE2/J alone, a pattern is refused if its nested repetitions multiply to more than 1,000:
 * {@code (a{100}){100}} would be expanded to ten thousand steps.
 */
public final class Regex {

    /**
     * Steps of some tens of nanoseconds each. The upper bound of about a second is far beyond what real policies need.
     */
    private static final long MAX_STEPS = 50_000_000;

    private final Pattern pattern;
    private final int size;
    /** Finds the same, faster; null if the pattern has none of the shapes that it knows. */
    private final @Nullable DirectMatcher direct;

    private Regex(Pattern pattern) {
        this.pattern = pattern;
        this.size = Math.max(1, pattern.programSize());
        this.direct = DirectMatcher.of(pattern.pattern());
    }

    /**
     * Compiles a pattern.
     *
     * @throws IllegalArgumentException if it isn't valid, or costs too much; the message says why
     */
    public static Regex compile(String pattern) {
        RegexBounds.problem(pattern).ifPresent(Regex::refuse);
        try {
            Pattern compiled = Pattern.compile(pattern);
            RegexBounds.problem(compiled).ifPresent(Regex::refuse);
            return new Regex(compiled);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("not a valid RE2 pattern: " + e.getDescription(), e);
        }
    }

    private static void refuse(String problem) {
        throw new IllegalArgumentException(problem);
    }

    /**
     * Returns what a pattern costs to compile and keep, in instructions of some tens of bytes each. This is the most
     * instructions that it may compile to, plus {@value RegexBounds#CLASS_WEIGHT} for the table of each Unicode class
     * such as {@code \\p{L}}. The pattern need not be valid, and is not compiled.
     */
    public static int weight(String pattern) {
        return RegexBounds.weight(pattern);
    }

    /** Returns whether a search through {@code text} is short enough to be run at all. */
    public boolean canSearch(String text) {
        return (long) size * text.length() <= MAX_STEPS;
    }

    /** Returns whether the pattern matches somewhere in {@code text}. */
    public boolean find(String text) {
        return direct == null ? pattern.matcher(text).find() : direct.find(text);
    }

    /** Whether the pattern may match somewhere in a text. A cheap test: only simple patterns ever answer no. */
    boolean mayFind(String text) {
        return direct == null || direct.find(text);
    }

    /** How many instructions the pattern has; at least one. */
    int size() {
        return size;
    }

    /** Goes through the matches in a text. */
    Matcher matcher(CharSequence text) {
        return pattern.matcher(text);
    }

    /** Returns the pattern as written. */
    @Override
    public String toString() {
        return pattern.pattern();
    }
}
