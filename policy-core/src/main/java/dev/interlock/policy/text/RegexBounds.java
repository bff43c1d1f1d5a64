package dev.interlock.policy.text;

import com.google.re2j.Pattern;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The bounds for a pattern. Matching is linear in the text, but the factor is the size of the compiled pattern.
 * Compiling itself takes quadratic time for long literals and recurses for groups. So a pattern of a few bytes such as
 * {@code ((a{1000}){1000}){1000}}, or a megabyte of letters, could still hang the host.
 */
final class RegexBounds {

    /** The most characters of a pattern. */
    static final int MAX_LENGTH = 4_096;

    /** The deepest nesting of groups. */
    static final int MAX_DEPTH = 100;

    /** The most repetitions of the innermost part of nested repetitions. Go's RE2 has the same bound. */
    static final int MAX_REPEAT = 1_000;

    /** The most instructions of a compiled pattern. */
    static final int MAX_PROGRAM = 20_000;

    /**
     * Beyond this size, a pattern is not compiled at all. The compiler joins alternatives, so it may need fewer
     * instructions than this estimate.
     */
    private static final long MAX_WRITTEN_OUT = 4 * MAX_PROGRAM;

    /** The table of a Unicode class takes about 3.5 kB in each place where the class is written. */
    static final int CLASS_WEIGHT = 50;

    private static final String TOO_LARGE = "the pattern is too large when its repetitions are written out";

    private static final java.util.regex.Pattern UNICODE_CLASS = java.util.regex.Pattern.compile("\\\\[pP]");

    private RegexBounds() {}

    /**
     * Estimates, without compiling, the instructions needed to compile a pattern and keep it. The estimate is an upper
     * bound. A pattern that is refused before it is compiled costs its length.
     */
    static int weight(String pattern) {
        Scan scan = new Scan(pattern);
        if (scan.problem().isPresent()) {
            return pattern.length();
        }
        return (int) scan.size
                + CLASS_WEIGHT * (int) UNICODE_CLASS.matcher(pattern).results().count();
    }

    /** What exceeds the bounds in a pattern before it is compiled; empty if nothing does. */
    static Optional<String> problem(String pattern) {
        if (pattern.length() > MAX_LENGTH) {
            return Optional.of("a pattern may have at most " + MAX_LENGTH + " characters, not " + pattern.length());
        }
        if (EndlessFolding.isIn(pattern)) {
            return Optional.of(
                    "a pattern that ignores case can't have the letters U+1C80 to U+1C88 in it, nor a range that"
                            + " they lie in; divide the range, or write both cases in place of (?i)");
        }
        return new Scan(pattern).problem();
    }

    /** What exceeds the bounds in a compiled pattern; empty if nothing does. */
    static Optional<String> problem(Pattern compiled) {
        return compiled.programSize() > MAX_PROGRAM ? Optional.of(TOO_LARGE) : Optional.empty();
    }

    /**
     * Walks over a pattern, multiplies nested repetitions and adds up what is repeated. It need not understand the
     * pattern, because the compiler refuses text that isn't a pattern.
     */
    private static final class Scan {

        private final String pattern;
        /** For each open group, the most repetitions of anything beside it, and the size of what stands before it. */
        private final Deque<long[]> groups = new ArrayDeque<>();

        private long inGroup = 1;
        /** How often the previous part is repeated by itself. */
        private long last = 1;

        /** The instructions of what has been read of this group, and of the previous part. */
        private long size;

        private long lastSize;

        private int at;

        Scan(String pattern) {
            this.pattern = pattern;
        }

        Optional<String> problem() {
            while (at < pattern.length()) {
                switch (pattern.charAt(at)) {
                    case '\\' -> escape();
                    case '[' -> charClass();
                    case '(' -> open();
                    case ')' -> close();
                    case '{' -> repeat();
                    case '*', '+', '?' -> {
                        size++;
                        lastSize++;
                        at++;
                    }
                    default -> {
                        part(1);
                        at++;
                    }
                }
                if (groups.size() > MAX_DEPTH) {
                    return Optional.of("a pattern may have at most " + MAX_DEPTH + " groups in one another");
                }
                if (inGroup > MAX_REPEAT) {
                    return Optional.of(
                            "not a valid RE2 pattern: nested repetitions repeat more than " + MAX_REPEAT + " times");
                }
                if (size > MAX_WRITTEN_OUT) {
                    return Optional.of(TOO_LARGE);
                }
            }
            return Optional.empty();
        }

        /** Adds a part that compiles to this many instructions. */
        private void part(long instructions) {
            last = 1;
            lastSize = instructions;
            size += instructions;
        }

        private void open() {
            groups.push(new long[] {inGroup, size});
            inGroup = 1;
            // The instructions that remember where the group begins and ends.
            size = 2;
            at++;
            if (at < pattern.length() && pattern.charAt(at) == '?') {
                // Flags or a name. Neither becomes an instruction.
                while (at < pattern.length() && ":)>".indexOf(pattern.charAt(at)) < 0) {
                    at++;
                }
                if (at < pattern.length() && pattern.charAt(at) != ')') {
                    at++;
                }
            }
        }

        private void close() {
            long[] around = groups.isEmpty() ? new long[] {1, 0} : groups.pop();
            last = inGroup;
            lastSize = size;
            inGroup = Math.max(inGroup, around[0]);
            size = Math.min(size + around[1], Integer.MAX_VALUE);
            at++;
        }

        private void escape() {
            if (pattern.startsWith("\\Q", at)) {
                int end = pattern.indexOf("\\E", at + 2);
                int next = end < 0 ? pattern.length() : end + 2;
                part(next - at);
                at = next;
                return;
            }
            part(1);
            if (pattern.startsWith("\\p{", at) || pattern.startsWith("\\P{", at) || pattern.startsWith("\\x{", at)) {
                int end = pattern.indexOf('}', at);
                at = end < 0 ? pattern.length() : end + 1;
            } else {
                at += 2;
            }
        }

        private void charClass() {
            part(1);
            at++;
            if (at < pattern.length() && pattern.charAt(at) == '^') {
                at++;
            }
            // A bracket that comes first stands for itself.
            if (at < pattern.length() && pattern.charAt(at) == ']') {
                at++;
            }
            while (at < pattern.length() && pattern.charAt(at) != ']') {
                if (pattern.startsWith("[:", at)) {
                    int end = pattern.indexOf(":]", at);
                    at = end < 0 ? at + 1 : end + 2;
                } else {
                    at += pattern.charAt(at) == '\\' ? 2 : 1;
                }
            }
            at++;
        }

        private void repeat() {
            int end = pattern.indexOf('}', at);
            String bounds = end < 0 ? "" : pattern.substring(at + 1, end);
            long times = times(bounds);
            if (times < 0) {
                part(1);
                at++;
                return;
            }
            // {0} omits its part completely.
            last = times == 0 ? 1 : Math.min(last, Integer.MAX_VALUE) * times;
            // An optional repetition needs one more instruction, and so does a last one that may be repeated.
            long each = bounds.indexOf(',') < 0 ? lastSize : lastSize + 1;
            long all = Math.min(each * Math.max(times, 1), Integer.MAX_VALUE);
            size = Math.min(size - lastSize + all, Integer.MAX_VALUE);
            lastSize = all;
            inGroup = Math.max(inGroup, last);
            at = end + 1;
        }

        /**
         * The larger bound of {@code n}, {@code n,} or {@code n,m}; -1 if the text is none of these and so not a
         * repetition.
         */
        private static long times(String bounds) {
            int comma = bounds.indexOf(',');
            String least = comma < 0 ? bounds : bounds.substring(0, comma);
            String most = comma < 0 || comma == bounds.length() - 1 ? least : bounds.substring(comma + 1);
            return isNumber(least) && isNumber(most) ? Long.parseLong(most) : -1;
        }

        private static boolean isNumber(String text) {
            return !text.isEmpty() && text.length() <= 9 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        }
    }
}
