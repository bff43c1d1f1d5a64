package dev.interlock.policy.cli.io;

import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads JSON from the command line or from a separate file. */
public final class JsonText {

    /** Larger than what a call may carry: one file holds the definitions of many tools. */
    private static final ValueLimits LIMITS = new ValueLimits(256, 64 << 20);

    private JsonText() {}

    /**
     * Returns the value in a text, with every number exact.
     *
     * @param what what the text is, for the message
     * @throws CliException if it is not JSON
     */
    public static Value read(String text, String what) {
        try {
            return Value.freeze(plain(text, what), LIMITS);
        } catch (InvalidValueException e) {
            throw new CliException(what + ": " + e.getMessage());
        }
    }

    /**
     * Returns the object in a text, as plain Java.
     *
     * @throws CliException if it is not a JSON object
     */
    public static Map<String, @Nullable Object> object(String text, String what) {
        Object value = plain(text, what);
        if (!(value instanceof Map<?, ?>)) {
            throw new CliException(what + ": this must be a JSON object, such as {\"amount\": 5}");
        }
        @SuppressWarnings("unchecked") // The reader makes no other maps.
        Map<String, @Nullable Object> object = (Map<String, @Nullable Object>) value;
        return object;
    }

    private static @Nullable Object plain(String text, String what) {
        try (JsonParser parser = JsonReader.factory().createParser(JsonReader.CONTEXT, text)) {
            if (parser.nextToken() == null) {
                throw new CliException(what + ": there is no JSON here");
            }
            Object value = JsonReader.read(parser);
            JsonToken after = parser.nextToken();
            if (after != null) {
                throw new CliException(what + ": there is more after the end of the JSON");
            }
            return value;
        } catch (JacksonException | InvalidValueException | JsonReader.PastBoundsException e) {
            throw new CliException(what + ": this is not valid JSON: " + JsonReader.reason(e));
        }
    }
}
