package dev.interlock.policy.cli.io;

import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.SpelledDecimal;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a JSON value from a parser into plain Java: maps in order, and every number exactly and with its spelling. A
 * duplicate key in an object is refused, since it is unclear which of the two counts.
 */
public final class JsonReader {

    /** Not a mapper: only the parser is used, which starts in a fraction of the time. */
    public static final ObjectReadContext CONTEXT = ObjectReadContext.empty();

    /** Deeper than any argument may be, and far from exhausting the stack. */
    private static final int MOST_DEPTH = 600;

    /** Longer than any number that can be decided on, including sign, point and exponent. */
    private static final int LONGEST_NUMBER = ValueLimits.MAX_DIGITS + 20;

    private JsonReader() {}

    public static JsonFactory factory() {
        return JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(1 << 20)
                        .maxNumberLength(1 << 20)
                        .build())
                .build();
    }

    /**
     * Reads the value whose first token is the current one. After that, its last token is the current one.
     *
     * @throws PastBoundsException if it is JSON, but deeper or with longer numbers than anything that is decided on
     * @throws InvalidValueException if an object in it has a duplicate key
     */
    public static @Nullable Object read(JsonParser parser) {
        return read(parser, 0);
    }

    /** Skips the rest of a value after {@link #read} has thrown; {@code depth} is the depth of the value. */
    public static void skipRest(JsonParser parser, int depth) {
        while (parser.streamReadContext().getNestingDepth() > depth) {
            parser.nextToken();
        }
    }

    /** A value exceeds the bounds of what is decided on. The text may still be valid JSON. */
    public static final class PastBoundsException extends RuntimeException {
        PastBoundsException(String message) {
            super(message, null, false, false);
        }
    }

    private static @Nullable Object read(JsonParser parser, int depth) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser, depth + 1);
            case START_ARRAY -> array(parser, depth + 1);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> integer(parser);
            case VALUE_NUMBER_FLOAT -> decimal(parser);
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new InvalidValueException("unexpected " + parser.currentToken());
        };
    }

    private static Map<String, @Nullable Object> object(JsonParser parser, int depth) {
        checkDepth(depth);
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            int before = members.size();
            parser.nextToken();
            members.put(name, read(parser, depth));
            if (members.size() == before) {
                throw new InvalidValueException("a key of an object occurs twice");
            }
        }
        return members;
    }

    private static List<@Nullable Object> array(JsonParser parser, int depth) {
        checkDepth(depth);
        List<@Nullable Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(read(parser, depth));
        }
        return items;
    }

    private static void checkDepth(int depth) {
        if (depth > MOST_DEPTH) {
            throw new PastBoundsException("nested deeper than " + MOST_DEPTH + " levels");
        }
    }

    private static Number integer(JsonParser parser) {
        int length = parser.getStringLength();
        if (length < 10) {
            int number = parser.getIntValue();
            return number == 0 && length > 1 ? SpelledDecimal.of(parser.getString()) : (Number) number;
        }
        if (length < 19) {
            return parser.getLongValue();
        }
        checkLength(length);
        return parser.getBigIntegerValue();
    }

    private static Number decimal(JsonParser parser) {
        checkLength(parser.getStringLength());
        try {
            return SpelledDecimal.of(parser.getString());
        } catch (NumberFormatException e) {
            throw new PastBoundsException("a number's exponent is beyond " + ValueLimits.MAX_EXPONENT);
        }
    }

    private static void checkLength(int length) {
        if (length > LONGEST_NUMBER) {
            throw new PastBoundsException("a number has more than " + ValueLimits.MAX_DIGITS + " digits");
        }
    }

    /** Says on one line what is wrong with a text. */
    static String reason(RuntimeException failure) {
        if (failure instanceof JacksonException json) {
            String where = json.getLocation() == null || json.getLocation().getLineNr() < 1
                    ? ""
                    : " (line " + json.getLocation().getLineNr() + ", column "
                            + json.getLocation().getColumnNr() + ")";
            return Printable.of(String.valueOf(json.getOriginalMessage())) + where;
        }
        return Printable.of(String.valueOf(failure.getMessage()));
    }
}
