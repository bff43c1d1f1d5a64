package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.JsonReader;
import dev.interlock.policy.value.InvalidValueException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.json.JsonFactory;

/** A line of an audit log, for reading only. It is not checked whether the line was altered. */
public record AuditLine(Map<?, ?> members) {

    private static final JsonFactory JSON = JsonReader.factory();

    /** Reads the line in a buffer; null if it is not a JSON object. */
    public static @Nullable AuditLine read(byte[] buffer, int offset, int length) {
        try (JsonParser parser = JSON.createParser(JsonReader.CONTEXT, buffer, offset, length)) {
            parser.nextToken();
            Object value = parser.currentToken() == null ? null : JsonReader.read(parser);
            return value instanceof Map<?, ?> members ? new AuditLine(members) : null;
        } catch (JacksonException | InvalidValueException | JsonReader.PastBoundsException e) {
            return null;
        }
    }

    /** Returns a string member; empty if there is none with that name. */
    public String text(String name) {
        return members.get(name) instanceof String text ? text : "";
    }

    /** Returns a whole number; 0 if there is none with that name. */
    public long number(String name) {
        return members.get(name) instanceof Number number ? number.longValue() : 0;
    }

    public String event() {
        return text("event");
    }

    /** When the event happened; null if the line doesn't say. */
    public @Nullable Instant time() {
        try {
            return Instant.parse(text("t"));
        } catch (DateTimeException e) {
            return null;
        }
    }
}
