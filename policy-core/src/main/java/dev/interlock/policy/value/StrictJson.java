package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259) from a text, and refuses everything that some reader takes in another way: a key that occurs
 * twice, something after the value, an unpaired surrogate, a byte order mark, a number in another form. Numbers keep
 * their spelling.
 */
public final class StrictJson {

    private static final Pattern NUMBER = Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");

    private final String text;
    private final ValueLimits limits;
    private int at;

    private StrictJson(String text, ValueLimits limits) {
        this.text = text;
        this.limits = limits;
    }

    /**
     * Returns the object that a text holds.
     *
     * @return null if the text holds anything else, or if it is not certain what it holds, or if it exceeds the bounds
     */
    public static @Nullable ObjectValue object(String text, ValueLimits limits) {
        if (text.length() > limits.maxBytes()) {
            return null;
        }
        StrictJson reader = new StrictJson(text, limits);
        try {
            reader.blanks();
            Value value = reader.value(1);
            reader.blanks();
            return reader.at == text.length() && value instanceof ObjectValue object ? object : null;
        } catch (MalformedException e) {
            return null;
        }
    }

    /** Carries no message, since no one is told more than that the text can't be read. */
    private static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException() {
            super(null, null, false, false);
        }
    }

    private Value value(int depth) throws MalformedException {
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> new Value.Text(string());
            case 't' -> word("true", Value.Bool.TRUE);
            case 'f' -> word("false", Value.Bool.FALSE);
            case 'n' -> word("null", Value.Nil.NULL);
            default -> number();
        };
    }

    private ObjectValue object(int depth) throws MalformedException {
        require(depth <= limits.maxDepth());
        Map<String, Value> members = new LinkedHashMap<>();
        at++;
        blanks();
        if (peek() == '}') {
            at++;
            return ObjectValue.EMPTY;
        }
        while (true) {
            require(peek() == '"');
            String name = string();
            blanks();
            expect(':');
            blanks();
            require(members.put(name, value(depth + 1)) == null);
            if (ends('}')) {
                return ObjectValue.owning(members);
            }
        }
    }

    private Value.Array array(int depth) throws MalformedException {
        require(depth <= limits.maxDepth());
        List<Value> items = new ArrayList<>();
        at++;
        blanks();
        if (peek() == ']') {
            at++;
            return new Value.Array(items);
        }
        while (true) {
            items.add(value(depth + 1));
            if (ends(']')) {
                return new Value.Array(items);
            }
        }
    }

    /** Whether an object or a list ends here; if not, the next element begins. */
    private boolean ends(char end) throws MalformedException {
        blanks();
        char next = peek();
        require(next == end || next == ',');
        at++;
        blanks();
        return next == end;
    }

    private String string() throws MalformedException {
        StringBuilder out = new StringBuilder();
        at++;
        while (peek() != '"') {
            char c = text.charAt(at++);
            require(c >= ' ');
            out.append(c == '\\' ? escape() : c);
        }
        at++;
        String string = out.toString();
        require(string.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
        return string;
    }

    private char escape() throws MalformedException {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw new MalformedException();
        };
    }

    private char unicode() throws MalformedException {
        require(at + 4 <= text.length());
        int code = 0;
        for (int i = 0; i < 4; i++) {
            char c = text.charAt(at++);
            int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            require(digit >= 0);
            code = code * 16 + digit;
        }
        return (char) code;
    }

    private Value word(String word, Value value) throws MalformedException {
        require(text.startsWith(word, at));
        at += word.length();
        return value;
    }

    private Value number() throws MalformedException {
        Matcher matcher = NUMBER.matcher(text).region(at, text.length());
        require(matcher.lookingAt() && matcher.end() - at <= ValueLimits.MAX_DIGITS);
        at = matcher.end();
        BigDecimal number;
        try {
            number = SpelledDecimal.of(matcher.group());
        } catch (NumberFormatException e) {
            throw new MalformedException();
        }
        require(Math.abs((long) number.precision() - number.scale() - 1) <= ValueLimits.MAX_EXPONENT);
        return NumberValue.of(number);
    }

    private void blanks() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private void expect(char c) throws MalformedException {
        require(peek() == c);
        at++;
    }

    private char peek() throws MalformedException {
        require(at < text.length());
        return text.charAt(at);
    }

    private static void require(boolean holds) throws MalformedException {
        if (!holds) {
            throw new MalformedException();
        }
    }
}
