package dev.interlock.policy.mcp.schema;

/**
 * Bounds how long a backtracking engine can take over a regular expression: the number of characters and positions that
 * it could look at, in all the ways in which it could divide a text among the expression's quantifiers and
 * alternatives.
 *
 * <p>Let {@code n} be the text's length and {@code f} the number of ways of a part. An atom has 1 way, a sequence the
 * product of its parts' ways, and alternatives their sum. {@code atom*} has {@code n + 1} ways, {@code atom{i,k}} has
 * {@code k - i + 1}, and {@code part{i,k}} the sum of {@code f^i} to {@code f^k}. In a sequence, each part is tried
 * once for every way in which the text before it can be divided, and takes its own steps each time. A repeated part
 * takes its steps as often as it may be repeated.
 *
 * <p>If a part that has several ways may be repeated without bound, the ways grow exponentially, so there is no bound.
 * Nor is there one for back references and for syntax that this class doesn't know. This refuses some harmless
 * expressions, but lets no harmful one through.
 */
final class RegexCost {

    /** More steps than any caller would wait for. */
    static final long UNBOUNDED = Long.MAX_VALUE;

    private static final int MAX_LENGTH = 2_000;
    private static final int MAX_DEPTH = 50;

    private final String regex;
    private final long textLength;
    private int at;
    private int depth;

    private RegexCost(String regex, int textLength) {
        this.regex = regex;
        this.textLength = textLength;
    }

    /**
     * A part of an expression.
     *
     * @param ways the number of ways in which it can match at one place
     * @param steps the number of steps to try all of them
     */
    private record RegexPart(long ways, long steps) {

        static final RegexPart EMPTY = new RegexPart(1, 0);
        static final RegexPart ATOM = new RegexPart(1, 1);
        static final RegexPart UNLIMITED = new RegexPart(UNBOUNDED, UNBOUNDED);

        RegexPart then(RegexPart next) {
            return new RegexPart(times(ways, next.ways), plus(steps, times(ways, next.steps)));
        }

        RegexPart or(RegexPart other) {
            return new RegexPart(plus(ways, other.ways), plus(steps, other.steps));
        }
    }

    /** The most steps of a search in a text of that length; {@link #UNBOUNDED} if there is no known bound. */
    static long steps(String regex, int textLength) {
        if (regex.length() > MAX_LENGTH) {
            return UNBOUNDED;
        }
        try {
            RegexCost work = new RegexCost(regex, textLength);
            RegexPart first = work.sequence();
            boolean anchored = regex.startsWith("^") && work.at == regex.length();
            RegexPart whole = work.alternatives(first);
            if (work.at < regex.length()) {
                return UNBOUNDED;
            }
            // Each way takes at least one step. A search starts again at every character.
            long steps = Math.max(whole.ways(), whole.steps());
            return anchored ? steps : times(steps, textLength + 1L);
        } catch (Unknown e) {
            return UNBOUNDED;
        }
    }

    private RegexPart alternatives(RegexPart first) throws Unknown {
        RegexPart all = first;
        while (peek() == '|') {
            at++;
            all = all.or(sequence());
        }
        return all;
    }

    private RegexPart sequence() throws Unknown {
        RegexPart all = RegexPart.EMPTY;
        while (at < regex.length() && peek() != '|' && peek() != ')') {
            all = all.then(quantified(atom()));
        }
        return all;
    }

    private RegexPart atom() throws Unknown {
        char c = next();
        return switch (c) {
            case '(' -> group();
            case '[' -> characterClass();
            case '\\' -> escape();
            case '*', '+', '?', '{' -> throw new Unknown();
            default -> RegexPart.ATOM;
        };
    }

    private RegexPart group() throws Unknown {
        if (++depth > MAX_DEPTH) {
            throw new Unknown();
        }
        if (peek() == '?') {
            at++;
            groupKind();
        }
        RegexPart part = alternatives(sequence());
        expect(')');
        depth--;
        return part;
    }

    /** Accepts plain, lookaround and named groups. Any other kind may change how the rest is read. */
    private void groupKind() throws Unknown {
        char kind = next();
        if (kind == ':' || kind == '=' || kind == '!') {
            return;
        }
        if (kind != '<') {
            throw new Unknown();
        }
        if (peek() == '=' || peek() == '!') {
            at++;
            return;
        }
        while (peek() != '>') {
            if (!Character.isLetterOrDigit(next())) {
                throw new Unknown();
            }
        }
        at++;
    }

    private RegexPart characterClass() throws Unknown {
        if (peek() == '^') {
            at++;
        }
        if (peek() == ']') {
            // Some engines read this as an empty class, others as the start of one.
            throw new Unknown();
        }
        while (peek() != ']') {
            char c = next();
            if (c == '[' || (c == '&' && peek() == '&')) {
                throw new Unknown();
            }
            if (c == '\\') {
                escape();
            }
        }
        at++;
        return RegexPart.ATOM;
    }

    private RegexPart escape() throws Unknown {
        char c = next();
        if ((c >= '1' && c <= '9') || c == 'k' || c == 'Q' || c == 'E' || c == 'c') {
            throw new Unknown();
        }
        if ((c == 'p' || c == 'P' || c == 'x' || c == 'u' || c == 'N') && peek() == '{') {
            while (next() != '}') {
                // Skips the name of a property or a code point.
            }
        }
        return RegexPart.ATOM;
    }

    private RegexPart quantified(RegexPart part) throws Unknown {
        long least;
        long most;
        switch (peek()) {
            case '*' -> {
                least = 0;
                most = UNBOUNDED;
                at++;
            }
            case '+' -> {
                least = 1;
                most = UNBOUNDED;
                at++;
            }
            case '?' -> {
                least = 0;
                most = 1;
                at++;
            }
            case '{' -> {
                at++;
                least = number();
                most = least;
                if (peek() == ',') {
                    at++;
                    most = peek() == '}' ? UNBOUNDED : number();
                }
                expect('}');
            }
            default -> {
                return part;
            }
        }
        if (peek() == '?' || peek() == '+') {
            at++;
        }
        return repeated(part, least, most);
    }

    private RegexPart repeated(RegexPart part, long least, long most) {
        if (part.ways() == 1) {
            long longest = Math.min(most, Math.max(least, textLength));
            return new RegexPart(longest - least + 1, times(Math.max(1, longest), part.steps()));
        }
        if (most == UNBOUNDED) {
            return RegexPart.UNLIMITED;
        }
        long ways = 0;
        long steps = 0;
        long power = 1;
        for (long i = 0; i <= most && Math.max(ways, steps) < UNBOUNDED; i++) {
            if (i >= least) {
                ways = plus(ways, power);
            }
            if (i < most) {
                steps = plus(steps, times(power, part.steps()));
            }
            power = times(power, part.ways());
        }
        return new RegexPart(ways, steps);
    }

    private long number() throws Unknown {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start || at - start > 6) {
            throw new Unknown();
        }
        return Long.parseLong(regex, start, at, 10);
    }

    /** The next character, or NUL at the end. */
    private char peek() {
        return at < regex.length() ? regex.charAt(at) : 0;
    }

    private char next() throws Unknown {
        if (at == regex.length()) {
            throw new Unknown();
        }
        return regex.charAt(at++);
    }

    private void expect(char c) throws Unknown {
        if (next() != c) {
            throw new Unknown();
        }
    }

    private static long plus(long a, long b) {
        return a > UNBOUNDED - b ? UNBOUNDED : a + b;
    }

    private static long times(long a, long b) {
        return b != 0 && a > UNBOUNDED / b ? UNBOUNDED : a * b;
    }

    private static final class Unknown extends Exception {
        Unknown() {
            super(null, null, false, false);
        }
    }
}
