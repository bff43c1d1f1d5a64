package dev.interlock.policy.yaml;

import dev.interlock.policy.text.Regex;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the matches of a valid RE2 pattern must begin and end, and which characters its wildcards match. It reads the
 * pattern once, and recurses as deep as its groups are nested, which is bounded. Wildcards are compiled when the first
 * question about them is asked. Used by one thread.
 */
final class PatternShape {

    /** No one reads a pattern with more kinds of wildcards than this. It counts as one that matches everything. */
    private static final int MOST_WILDCARDS = 32;

    private static final String CLASS_LETTERS = "dDwWsSpPC";

    private final String pattern;
    private final Set<String> wildcards = new LinkedHashSet<>();
    private final Extent whole;
    private @Nullable List<Regex> compiled;
    private int at;
    private boolean multiline;
    private boolean dotAll;

    /**
     * Where the matches of a part of a pattern begin and end.
     *
     * @param begins whether each match begins where the text begins
     * @param ends whether each match ends where the text ends
     * @param empty whether it matches no characters, such as an anchor
     * @param alternatives its alternatives, if it consists of several
     */
    private record Extent(boolean begins, boolean ends, boolean empty, List<Extent> alternatives) {

        static final Extent TEXT = new Extent(false, false, false, List.of());
        static final Extent NOTHING = new Extent(false, false, true, List.of());
        static final Extent START = new Extent(true, false, true, List.of());
        static final Extent END = new Extent(false, true, true, List.of());
    }

    private PatternShape(String pattern) {
        this.pattern = pattern;
        this.whole = alternatives();
    }

    /** The shape of a pattern that compiles. */
    static PatternShape of(String pattern) {
        return new PatternShape(pattern);
    }

    /** Whether each match begins where the text begins. */
    boolean begins() {
        return whole.begins();
    }

    /** Whether each match ends where the text ends. */
    boolean ends() {
        return whole.ends();
    }

    /** Whether an anchor belongs to some of the alternatives only, as in {@code ^a|b$}. */
    boolean isHalfAnchored() {
        List<Extent> parts = whole.alternatives();
        long begin = parts.stream().filter(Extent::begins).count();
        long end = parts.stream().filter(Extent::ends).count();
        boolean someBegin = begin > 0 && begin < parts.size();
        return someBegin || (begin == 0 && end > 0 && end < parts.size());
    }

    /** Whether a wildcard of the pattern, such as a dot or a class, matches each of the characters. */
    boolean hasWildcardFor(String characters) {
        if (wildcards.size() > MOST_WILDCARDS) {
            return true;
        }
        if (compiled == null) {
            compiled = wildcards.stream()
                    .map(wildcard -> Regex.compile("^(?:" + wildcard + ")$"))
                    .toList();
        }
        return compiled.stream()
                .anyMatch(wildcard -> characters.chars().allMatch(c -> wildcard.find(Character.toString(c))));
    }

    /** Reads up to the end of the group. */
    private Extent alternatives() {
        List<Extent> all = new ArrayList<>();
        all.add(sequence());
        while (at < pattern.length() && pattern.charAt(at) == '|') {
            at++;
            all.add(sequence());
        }
        if (all.size() == 1) {
            return all.get(0);
        }
        return new Extent(
                all.stream().allMatch(Extent::begins),
                all.stream().allMatch(Extent::ends),
                all.stream().allMatch(Extent::empty),
                all);
    }

    private Extent sequence() {
        boolean begins = false;
        boolean ends = false;
        boolean empty = true;
        List<Extent> parts = new ArrayList<>();
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            Extent part = part();
            boolean optional = isOptional();
            if (optional && part.equals(Extent.NOTHING)) {
                // After flags, a repetition belongs to what stands before them.
                begins = false;
                ends = false;
            }
            part = optional ? Extent.TEXT : part;
            begins |= empty && part.begins();
            ends = part.ends() || (ends && part.empty());
            empty &= part.empty();
            if (!part.equals(Extent.NOTHING)) {
                parts.add(part);
            }
        }
        return new Extent(begins, ends, empty, parts.size() == 1 ? parts.get(0).alternatives() : List.of());
    }

    private Extent part() {
        char c = pattern.charAt(at);
        switch (c) {
            case '^', '$' -> {
                at++;
                return multiline ? Extent.NOTHING : c == '^' ? Extent.START : Extent.END;
            }
            case '(' -> {
                return group();
            }
            case '[' -> {
                int start = at;
                skipClass();
                wildcards.add(pattern.substring(start, at));
                return Extent.TEXT;
            }
            case '.' -> {
                at++;
                wildcards.add(dotAll ? "(?s:.)" : ".");
                return Extent.TEXT;
            }
            case '\\' -> {
                return escape();
            }
            default -> {
                at++;
                return Extent.TEXT;
            }
        }
    }

    private Extent group() {
        boolean outerMultiline = multiline;
        boolean outerDotAll = dotAll;
        at++;
        if (pattern.startsWith("?", at)) {
            at++;
            if (flags()) {
                return Extent.NOTHING;
            }
        }
        Extent inside = alternatives();
        at++;
        multiline = outerMultiline;
        dotAll = outerDotAll;
        return inside;
    }

    /** Reads flags or a name. Returns true if that is all there is in the parentheses. */
    private boolean flags() {
        boolean on = true;
        while (at < pattern.length()) {
            char c = pattern.charAt(at);
            at++;
            switch (c) {
                case '-' -> on = false;
                case 'm' -> multiline = on;
                case 's' -> dotAll = on;
                case '<' -> {
                    at = pattern.indexOf('>', at) + 1;
                    return false;
                }
                case ':' -> {
                    return false;
                }
                case ')' -> {
                    return true;
                }
                default -> {}
            }
        }
        return true;
    }

    private Extent escape() {
        char c = pattern.charAt(at + 1);
        int start = at;
        at += 2;
        if (c == 'A') {
            return Extent.START;
        }
        if (c == 'z') {
            return Extent.END;
        }
        if (c == 'b' || c == 'B') {
            return Extent.NOTHING;
        }
        if (c == 'Q') {
            int end = pattern.indexOf("\\E", at);
            at = end < 0 ? pattern.length() : end + 2;
        } else if (CLASS_LETTERS.indexOf(c) >= 0) {
            if (c == 'p' || c == 'P') {
                at = pattern.startsWith("{", at) ? pattern.indexOf('}', at) + 1 : at + 1;
            }
            wildcards.add(pattern.substring(start, at));
        }
        return Extent.TEXT;
    }

    private void skipClass() {
        at++;
        at += pattern.startsWith("^", at) ? 1 : 0;
        // A bracket that comes first stands for itself.
        at += pattern.startsWith("]", at) ? 1 : 0;
        while (pattern.charAt(at) != ']') {
            if (pattern.startsWith("[:", at)) {
                int end = pattern.indexOf(":]", at);
                at = end < 0 ? at + 1 : end + 2;
            } else {
                at += pattern.charAt(at) == '\\' ? 2 : 1;
            }
        }
        at++;
    }

    /** Skips a repetition. Returns whether it allows none. */
    private boolean isOptional() {
        boolean optional = false;
        while (at < pattern.length()) {
            char c = pattern.charAt(at);
            int end = c == '{' ? pattern.indexOf('}', at) : at;
            boolean bounds = c == '{' && end > 0 && isBounds(pattern.substring(at + 1, end));
            if (!bounds && c != '*' && c != '+' && c != '?') {
                break;
            }
            optional |= c == '*' || c == '?' || (bounds && pattern.charAt(at + 1) == '0');
            at = end + 1;
            if (pattern.startsWith("?", at)) {
                at++;
            }
        }
        return optional;
    }

    private static boolean isBounds(String text) {
        return !text.isEmpty()
                && text.charAt(0) != ','
                && text.chars().allMatch(c -> c == ',' || (c >= '0' && c <= '9'));
    }
}
