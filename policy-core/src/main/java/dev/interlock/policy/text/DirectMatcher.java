package dev.interlock.policy.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Searches without an automaton for the shapes that most patterns in policies have: texts and alternatives of texts, at
 * the beginning, at the end or anywhere; and sequences of characters and character classes from the beginning, each
 * with its repetitions. It finds exactly what RE2/J finds, in time linear in the text times the pattern's length. A
 * property test compares the two on generated patterns and texts.
 *
 * <p>Only ASCII patterns are accepted, and only classes that list what they contain. A class such as {@code [^/]} would
 * match the two units of a code point outside the basic plane as one character; without such classes these code points
 * make no difference.
 *
 * <p>In a sequence, a part that repeats a variable number of times must share no character with what may follow it.
 * Then taking as many characters as possible is the only way to match, and nothing is ever tried twice.
 */
abstract sealed class DirectMatcher {

    /** Whether the pattern matches somewhere in {@code text}. */
    abstract boolean find(String text);

    /** The matcher for a pattern that RE2/J accepts; null if the pattern does not have one of these shapes. */
    static @Nullable DirectMatcher of(String pattern) {
        return new PatternReader(pattern).read();
    }

    /** One of several texts. */
    private static final class Alternatives extends DirectMatcher {

        /** From this many texts on, a match of the whole text uses a set. */
        private static final int MANY = 8;

        private final String[] texts;
        private final @Nullable Set<String> whole;
        private final boolean fromStart;
        private final boolean toEnd;

        Alternatives(List<String> texts, boolean fromStart, boolean toEnd) {
            this.texts = texts.toArray(String[]::new);
            this.whole = fromStart && toEnd && texts.size() >= MANY ? Set.copyOf(texts) : null;
            this.fromStart = fromStart;
            this.toEnd = toEnd;
        }

        @Override
        boolean find(String text) {
            if (whole != null) {
                return whole.contains(text);
            }
            for (int i = 0; i < texts.length; i++) {
                if (finds(text, texts[i])) {
                    return true;
                }
            }
            return false;
        }

        private boolean finds(String text, String wanted) {
            if (fromStart) {
                return toEnd ? text.equals(wanted) : text.startsWith(wanted);
            }
            return toEnd ? text.endsWith(wanted) : text.contains(wanted);
        }
    }

    /** A text at the beginning, followed by parts. */
    private static final class PartSequence extends DirectMatcher {

        private final String prefix;
        private final PatternPart[] parts;
        private final boolean toEnd;

        PartSequence(String prefix, List<PatternPart> parts, boolean toEnd) {
            this.prefix = prefix;
            this.parts = parts.toArray(PatternPart[]::new);
            this.toEnd = toEnd;
        }

        @Override
        boolean find(String text) {
            if (!text.startsWith(prefix)) {
                return false;
            }
            int length = text.length();
            int at = prefix.length();
            for (int i = 0; i < parts.length; i++) {
                PatternPart part = parts[i];
                int end = part.most < length - at ? at + part.most : length;
                int start = at;
                while (at < end && part.has(text.charAt(at))) {
                    at++;
                }
                if (at - start < part.least) {
                    return false;
                }
            }
            return !toEnd || at == length;
        }
    }

    /** One part anywhere or at the end: a number of its characters in a row. */
    private static final class Run extends DirectMatcher {

        private final PatternPart part;
        private final boolean toEnd;

        Run(PatternPart part, boolean toEnd) {
            this.part = part;
            this.toEnd = toEnd;
        }

        @Override
        boolean find(String text) {
            int run = 0;
            for (int i = text.length() - 1; run < part.least && i >= 0; i--) {
                if (part.has(text.charAt(i))) {
                    run++;
                } else if (toEnd) {
                    return false;
                } else {
                    run = 0;
                }
            }
            return run == part.least;
        }
    }

    /** ASCII characters, as bits, and how often one of them is repeated. */
    private record PatternPart(long low, long high, int least, int most) {

        static final int ANY_NUMBER = Integer.MAX_VALUE;

        static PatternPart one(char c) {
            return c < 64 ? new PatternPart(1L << c, 0, 1, 1) : new PatternPart(0, 1L << c, 1, 1);
        }

        PatternPart and(PatternPart other) {
            return new PatternPart(low | other.low, high | other.high, 1, 1);
        }

        PatternPart repeated(int fewest, int highest) {
            return new PatternPart(low, high, fewest, highest);
        }

        boolean has(char c) {
            return c < 128 && ((c < 64 ? low : high) >>> c & 1) != 0;
        }

        boolean meets(PatternPart other) {
            return (low & other.low) != 0 || (high & other.high) != 0;
        }

        boolean isOneCharacter() {
            return least == 1 && most == 1 && Long.bitCount(low) + Long.bitCount(high) == 1;
        }

        char character() {
            return (char) (low != 0 ? Long.numberOfTrailingZeros(low) : 64 + Long.numberOfTrailingZeros(high));
        }
    }

    /** Reads a pattern that is known to be valid. Gives up at anything that it doesn't know for certain. */
    private static final class PatternReader {

        private static final String SPECIAL = "\\.[]{}()*+?^$|";

        private final String pattern;
        private int at;

        PatternReader(String pattern) {
            this.pattern = pattern;
        }

        @Nullable
        DirectMatcher read() {
            boolean fromStart = skip("^") || skip("\\A");
            int body = at;
            String before = text();
            if (peek("(")) {
                return group(before, fromStart);
            }
            at = body;
            if (!fromStart) {
                int start = at;
                List<String> texts = alternatives();
                // An anchor would belong only to the last alternative.
                if (texts != null && isAtEnd()) {
                    return new Alternatives(texts, false, false);
                }
                at = start;
            }
            List<PatternPart> parts = new ArrayList<>();
            while (!isAtEnd() && !peek("$") && !peek("\\z")) {
                PatternPart part = part();
                if (part == null) {
                    return null;
                }
                parts.add(part);
            }
            boolean toEnd = skip("$") || skip("\\z");
            return isAtEnd() ? matcher(parts, fromStart, toEnd) : null;
        }

        /** A group of texts, possibly with text before and after it. */
        private @Nullable DirectMatcher group(String before, boolean fromStart) {
            if (!skip("(?:")) {
                at++;
            }
            List<String> texts = alternatives();
            if (texts == null || !skip(")")) {
                return null;
            }
            String after = text();
            boolean toEnd = skip("$") || skip("\\z");
            texts.replaceAll(text -> before + text + after);
            return isAtEnd() ? new Alternatives(texts, fromStart, toEnd) : null;
        }

        private static @Nullable DirectMatcher matcher(List<PatternPart> parts, boolean fromStart, boolean toEnd) {
            if (!toEnd) {
                // The end of the match doesn't matter, so an optional part at the end can be dropped.
                while (!parts.isEmpty() && parts.get(parts.size() - 1).least == 0) {
                    parts.remove(parts.size() - 1);
                }
                if (!parts.isEmpty()) {
                    PatternPart last = parts.remove(parts.size() - 1);
                    parts.add(last.repeated(last.least, last.least));
                }
            }
            StringBuilder prefix = new StringBuilder();
            while (prefix.length() < parts.size() && parts.get(prefix.length()).isOneCharacter()) {
                prefix.append(parts.get(prefix.length()).character());
            }
            List<PatternPart> rest = parts.subList(prefix.length(), parts.size());
            if (rest.isEmpty()) {
                return new Alternatives(List.of(prefix.toString()), fromStart, toEnd);
            }
            if (fromStart) {
                return isDeterministic(rest) ? new PartSequence(prefix.toString(), rest, toEnd) : null;
            }
            // A search from the end needs no upper bound on the number: there may be more before.
            return parts.size() == 1 ? new Run(parts.get(0), toEnd) : null;
        }

        private static boolean isDeterministic(List<PatternPart> parts) {
            for (int i = 0; i < parts.size(); i++) {
                PatternPart part = parts.get(i);
                boolean open = part.least != part.most;
                for (int j = i + 1; open && j < parts.size(); j++) {
                    if (part.meets(parts.get(j))) {
                        return false;
                    }
                    open = parts.get(j).least == 0;
                }
            }
            return true;
        }

        /** Alternatives separated by bars; null if there is anything else, or an empty text. */
        private @Nullable List<String> alternatives() {
            List<String> texts = new ArrayList<>();
            do {
                String text = text();
                if (text.isEmpty()) {
                    return null;
                }
                texts.add(text);
            } while (skip("|"));
            return texts;
        }

        /** The longest run of characters that stand for themselves. */
        private String text() {
            StringBuilder text = new StringBuilder();
            for (int c = character(); c >= 0; c = character()) {
                text.append((char) c);
            }
            return text.toString();
        }

        /** One character or class, with its repetitions; null if it is something else. */
        private @Nullable PatternPart part() {
            PatternPart part = peek("[") ? listed() : named();
            if (part == null) {
                int c = character();
                if (c < 0) {
                    return null;
                }
                part = PatternPart.one((char) c);
            }
            PatternPart repeated = repeated(part);
            // Repeated twice, or repeated as few times as possible.
            return repeated == null || peek("*") || peek("+") || peek("?") || peek("{") ? null : repeated;
        }

        private @Nullable PatternPart repeated(PatternPart part) {
            if (skip("*")) {
                return part.repeated(0, PatternPart.ANY_NUMBER);
            }
            if (skip("+")) {
                return part.repeated(1, PatternPart.ANY_NUMBER);
            }
            if (skip("?")) {
                return part.repeated(0, 1);
            }
            if (!skip("{")) {
                return part;
            }
            int least = number();
            boolean exact = !skip(",");
            int most = exact ? least : peek("}") ? PatternPart.ANY_NUMBER : number();
            return least >= 0 && most >= least && most > 0 && skip("}") ? part.repeated(least, most) : null;
        }

        private int number() {
            int start = at;
            while (!isAtEnd() && pattern.charAt(at) >= '0' && pattern.charAt(at) <= '9') {
                at++;
            }
            return at > start && at - start <= 4 ? Integer.parseInt(pattern, start, at, 10) : -1;
        }

        /** A class in brackets; null, and perhaps partly read, if it is not a plain list. */
        private @Nullable PatternPart listed() {
            at++;
            PatternPart all = null;
            while (!skip("]")) {
                PatternPart member = named();
                if (member == null) {
                    int first = member();
                    int last = first;
                    if (first >= 0 && peek("-") && !peek("-]")) {
                        at++;
                        last = member();
                    }
                    if (first < 0 || last < first) {
                        return null;
                    }
                    member = range((char) first, (char) last);
                }
                all = all == null ? member : all.and(member);
            }
            return all;
        }

        /** One character of a class; -1 if it may be anything else. */
        private int member() {
            if (isAtEnd() || peek("[") || peek("]") || peek("^")) {
                return -1;
            }
            // RE2/J decides where a hyphen stands for itself. Only one before the bracket is certain.
            if (peek("-")) {
                if (!peek("-]")) {
                    return -1;
                }
                at++;
                return '-';
            }
            char c = pattern.charAt(at);
            if (c != '\\') {
                at++;
                return isPlain(c) ? c : -1;
            }
            return escaped();
        }

        private static PatternPart range(char first, char last) {
            PatternPart part = PatternPart.one(first);
            for (char c = (char) (first + 1); c <= last; c++) {
                part = part.and(PatternPart.one(c));
            }
            return part;
        }

        /** Reads {@code \d}, {@code \w} or {@code \s}; null if there is none. */
        private @Nullable PatternPart named() {
            if (skip("\\d")) {
                return range('0', '9');
            }
            if (skip("\\w")) {
                return range('0', '9').and(range('A', 'Z')).and(range('a', 'z')).and(PatternPart.one('_'));
            }
            if (skip("\\s")) {
                return range('\t', '\n').and(range('\f', '\r')).and(PatternPart.one(' '));
            }
            return null;
        }

        /** A character that stands for itself, escaped or not; -1 if there is anything else. */
        private int character() {
            if (isAtEnd()) {
                return -1;
            }
            char c = pattern.charAt(at);
            if (c == '\\') {
                return escaped();
            }
            if (SPECIAL.indexOf(c) >= 0 || !isPlain(c)) {
                return -1;
            }
            at++;
            return c;
        }

        /** Escaped punctuation always stands for itself. What an escaped letter or digit means is left to RE2/J. */
        private int escaped() {
            if (at + 1 >= pattern.length()) {
                return -1;
            }
            char c = pattern.charAt(at + 1);
            if (!isPlain(c) || Character.isLetterOrDigit(c)) {
                return -1;
            }
            at += 2;
            return c;
        }

        private static boolean isPlain(char c) {
            return c >= ' ' && c < 0x7F;
        }

        private boolean isAtEnd() {
            return at == pattern.length();
        }

        private boolean peek(String text) {
            return pattern.startsWith(text, at);
        }

        private boolean skip(String text) {
            if (!peek(text)) {
                return false;
            }
            at += text.length();
            return true;
        }
    }
}
