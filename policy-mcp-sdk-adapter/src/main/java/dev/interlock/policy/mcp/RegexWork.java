package dev.interlock.policy.mcp;

/**
 * Bounds how long a backtracking engine can take over a regular expression: the number of ways in which it could divide a
 * text among the expression's quantifiers and alternatives.
 *
 * <p>With {@code n} for the text's length and {@code f} for a part's number of ways, an atom has 1, a sequence the
 * product of its parts, alternatives their sum, {@code atom*} has {@code n + 1}, {@code atom{i,k}} has {@code k - i + 1},
 * and {@code part{i,k}} the sum of {@code f^i} to {@code f^k}. Where a part that itself has several ways may be repeated
 * without bound, the ways grow exponentially, and so there is no answer; nor is there one for back references and for
 * whatever this doesn't know. That refuses some expressions that are harmless, and none that is not is let through.
 */
final class RegexWork {

    /** More than anyone would wait for. */
    static final long UNBOUNDED = Long.MAX_VALUE;

    private static final int MAX_LENGTH = 2_000;
    private static final int MAX_DEPTH = 50;

    private final String regex;
    private final long textLength;
    private int at;
    private int depth;

    private RegexWork(String regex, int textLength) {
        this.regex = regex;
        this.textLength = textLength;
    }

    /** In how many ways the expression could be tried on a text of that length; {@link #UNBOUNDED} if nobody can tell. */
    static long ways(String regex, int textLength) {
        if (regex.length() > MAX_LENGTH) {
            return UNBOUNDED;
        }
        try {
            RegexWork work = new RegexWork(regex, textLength);
            long ways = work.sequence();
            boolean anchored = regex.startsWith("^") && work.at == regex.length();
            while (work.at < regex.length()) {
                work.expect('|');
                ways = plus(ways, work.sequence());
            }
            // A search starts anew at every character.
            return anchored ? ways : times(ways, textLength + 1L);
        } catch (Unknown e) {
            return UNBOUNDED;
        }
    }

    private long alternatives() throws Unknown {
        long ways = sequence();
        while (peek() == '|') {
            at++;
            ways = plus(ways, sequence());
        }
        return ways;
    }

    private long sequence() throws Unknown {
        long ways = 1;
        while (at < regex.length() && peek() != '|' && peek() != ')') {
            ways = times(ways, quantified(atom()));
        }
        return ways;
    }

    private long atom() throws Unknown {
        char c = next();
        return switch (c) {
            case '(' -> group();
            case '[' -> characterClass();
            case '\\' -> escape();
            case '*', '+', '?', '{' -> throw new Unknown();
            default -> 1;
        };
    }

    private long group() throws Unknown {
        if (++depth > MAX_DEPTH) {
            throw new Unknown();
        }
        if (peek() == '?') {
            at++;
            groupKind();
        }
        long ways = alternatives();
        expect(')');
        depth--;
        return ways;
    }

    /** Plain, looking ahead or behind, or named; anything else may change how the rest is read. */
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

    private long characterClass() throws Unknown {
        if (peek() == '^') {
            at++;
        }
        if (peek() == ']') {
            // An empty class to some engines, the start of one to others.
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
        return 1;
    }

    private long escape() throws Unknown {
        char c = next();
        if ((c >= '1' && c <= '9') || c == 'k' || c == 'Q' || c == 'E' || c == 'c') {
            throw new Unknown();
        }
        if ((c == 'p' || c == 'P' || c == 'x' || c == 'u' || c == 'N') && peek() == '{') {
            while (next() != '}') {
                // A property or a code point.
            }
        }
        return 1;
    }

    private long quantified(long ways) throws Unknown {
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
                return ways;
            }
        }
        if (peek() == '?' || peek() == '+') {
            at++;
        }
        return repeated(ways, least, most);
    }

    private long repeated(long ways, long least, long most) {
        if (ways == 1) {
            long longest = Math.min(most, Math.max(least, textLength));
            return longest - least + 1;
        }
        if (most == UNBOUNDED) {
            return UNBOUNDED;
        }
        long sum = 0;
        long power = 1;
        for (long i = 0; i <= most && sum < UNBOUNDED; i++) {
            if (i >= least) {
                sum = plus(sum, power);
            }
            power = times(power, ways);
        }
        return sum;
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
