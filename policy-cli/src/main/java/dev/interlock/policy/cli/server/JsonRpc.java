package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.JsonReader;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/**
 * Reads and writes single JSON-RPC messages. Reading enforces the standard, since messages that are let through are
 * forwarded: no batches, no duplicate keys, no message that one reader takes for a request and another for a response.
 *
 * <p>A line that is not a message is still read as far as possible, to learn who waits for an answer to it.
 */
public final class JsonRpc {

    static final int PARSE_ERROR = -32700;
    public static final int INVALID_REQUEST = -32600;
    public static final int INTERNAL_ERROR = -32603;

    private static final String VERSION = "2.0";

    /** The most characters of a number that is an id. */
    private static final int LONGEST_NUMBER = 1_000;

    /** How much is inspected of a line that could not be read whole. */
    private static final int HEAD = 1 << 16;

    private final JsonFactory json = JsonReader.factory();
    private final JsonMapper mapper = JsonMapper.builder(JsonFactory.builder()
                    // Values may be as deep as the reader allows, and the message around them adds depth.
                    .streamWriteConstraints(StreamWriteConstraints.builder()
                            .maxNestingDepth(1 << 20)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** What a line contains. */
    public sealed interface Line {}

    /** A message. A {@code null} result is represented by a value that is written as {@code null}. */
    public record Message(JSONRPCMessage message) implements Line {}

    /**
     * An error that answers no particular request: the peer could not read what it was sent. Holds only the code and
     * the message, since no other member was decided on: a peer that ignores case could find a call or a question in
     * them.
     */
    public record Unaddressed(int code, String message) implements Line {

        /** The error as a line, including its line end. */
        public byte[] line() {
            return error("null", code, message);
        }
    }

    /**
     * Not a JSON-RPC message, or one that can't be passed on.
     *
     * @param code the reason, for the sender
     * @param problem the same in words, without quoting the line
     * @param sender what the line was meant to be, as far as that is known; null if it isn't
     */
    public record Malformed(
            int code, String problem, @Nullable Sender sender) implements Line {}

    /** Several messages in one line. */
    record Batch(List<Sender> senders) implements Line {}

    /** What a message that can't be passed on was meant to be. */
    public enum Kind {
        REQUEST,
        RESPONSE,
        UNKNOWN
    }

    /**
     * The id of a message that can't be passed on.
     *
     * @param text the id in JSON; a number exactly as it was written
     * @param id the id as the SDK's messages have it; null if they can't have it
     * @param kind what the message was meant to be
     */
    public record Sender(String text, @Nullable Object id, Kind kind) {}

    /** The same reading and writing, for the SDK's transports. */
    McpJsonMapper forSdk() {
        return new JacksonMcpJsonMapper(mapper);
    }

    /** Parses a line. Never throws because of the line's content. */
    public Line read(byte[] buffer, int offset, int length) {
        Envelope envelope = new Envelope();
        try (JsonParser parser = json.createParser(JsonReader.CONTEXT, buffer, offset, length)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return new Malformed(PARSE_ERROR, "there is no JSON here", null);
            }
            if (first == JsonToken.START_ARRAY) {
                return batch(parser);
            }
            if (first != JsonToken.START_OBJECT) {
                return new Malformed(INVALID_REQUEST, "this is not a JSON-RPC 2.0 message", null);
            }
            envelope.read(parser, 1);
            if (parser.nextToken() != null) {
                return envelope.malformed(PARSE_ERROR, "there is more than one JSON value on the line");
            }
            return line(envelope);
        } catch (JacksonException e) {
            return envelope.malformed(PARSE_ERROR, "the line is not valid JSON");
        } catch (IllegalArgumentException e) {
            // The SDK's messages may be stricter than the checks here.
            return envelope.malformed(INVALID_REQUEST, "this is not an MCP message");
        }
    }

    /** Guesses from its beginning what an incomplete line was meant to be; null if the beginning doesn't tell. */
    @Nullable
    public Sender sender(byte[] buffer, int offset, int length) {
        Envelope envelope = new Envelope();
        try (JsonParser parser = json.createParser(JsonReader.CONTEXT, buffer, offset, Math.min(length, HEAD))) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                envelope.read(parser, 1);
            }
        } catch (JacksonException e) {
            // The head ends here, or the line can't be read any further. What was read before counts.
        }
        return envelope.sender();
    }

    private static Line batch(JsonParser parser) {
        List<Sender> senders = new ArrayList<>();
        try {
            for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                if (token == JsonToken.START_OBJECT) {
                    Envelope envelope = new Envelope();
                    envelope.read(parser, 2);
                    Sender sender = envelope.sender();
                    if (sender != null) {
                        senders.add(sender);
                    }
                } else {
                    parser.skipChildren();
                }
            }
        } catch (JacksonException e) {
            return new Malformed(PARSE_ERROR, "the line is not valid JSON", null);
        }
        return new Batch(senders);
    }

    /** The members of a message, as far as they have been read. */
    private static final class Envelope {

        private final Map<String, @Nullable Object> members = new LinkedHashMap<>();
        private boolean method;
        private boolean answer;
        private int ids;
        private @Nullable String idText;
        private @Nullable Object id;
        private boolean whole;
        private @Nullable String problem;

        /** Continues after a value that exceeds the bounds, to find an id that follows it. */
        void read(JsonParser parser, int depth) {
            try {
                readMembers(parser, depth);
            } catch (JacksonException e) {
                // The name is known before its value, which may be what is wrong.
                if (parser.streamReadContext().getNestingDepth() == depth) {
                    note(parser.currentName());
                }
                throw e;
            }
        }

        private void note(@Nullable String name) {
            method |= "method".equals(name);
            answer |= "result".equals(name) || "error".equals(name);
        }

        private void readMembers(JsonParser parser, int depth) {
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                note(name);
                JsonToken token = parser.nextToken();
                if (name.equals("id")) {
                    readId(parser, token);
                }
                try {
                    int before = members.size();
                    members.put(name, JsonReader.read(parser));
                    if (members.size() == before) {
                        problem = "a key of an object occurs twice";
                    }
                } catch (InvalidValueException | JsonReader.PastBoundsException e) {
                    problem = String.valueOf(e.getMessage());
                    JsonReader.skipRest(parser, depth);
                }
            }
            whole = true;
        }

        private void readId(JsonParser parser, JsonToken token) {
            ids++;
            if (!token.isScalarValue() || (token.isNumeric() && parser.getStringLength() > LONGEST_NUMBER)) {
                return;
            }
            String text = parser.getString();
            switch (token) {
                case VALUE_STRING -> {
                    idText = new Value.Text(text).json();
                    id = text;
                }
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                    idText = text;
                    id = whole(text);
                }
                case VALUE_NULL -> idText = text;
                default -> {
                    // A boolean is not a valid id.
                }
            }
        }

        /** Returns this number as a whole number of at most 64 bits, however it is written; null if it isn't one. */
        private static @Nullable Object whole(String text) {
            try {
                long number = new BigDecimal(text).longValueExact();
                return number == (int) number ? (Object) (int) number : (Object) number;
            } catch (ArithmeticException | NumberFormatException e) {
                return null;
            }
        }

        @Nullable
        Sender sender() {
            if (ids != 1 || idText == null) {
                return null;
            }
            Kind kind = method ? Kind.REQUEST : answer || whole ? Kind.RESPONSE : Kind.UNKNOWN;
            return new Sender(idText, id, kind);
        }

        Malformed malformed(int code, String why) {
            return new Malformed(code, why, sender());
        }
    }

    private static Line line(Envelope envelope) {
        if (envelope.problem != null) {
            return envelope.malformed(INVALID_REQUEST, envelope.problem);
        }
        Map<String, @Nullable Object> members = envelope.members;
        if (!VERSION.equals(members.get("jsonrpc"))) {
            return envelope.malformed(INVALID_REQUEST, "this is not a JSON-RPC 2.0 message");
        }
        return envelope.method ? request(envelope) : response(envelope);
    }

    private static Line request(Envelope envelope) {
        Map<String, @Nullable Object> members = envelope.members;
        if (!(members.get("method") instanceof String name) || envelope.answer) {
            return envelope.malformed(INVALID_REQUEST, "a request has a method, and no result or error");
        }
        Object params = members.get("params");
        if (envelope.ids == 0) {
            return new Message(new JSONRPCNotification(VERSION, name, params));
        }
        Object id = envelope.id;
        // The requester looks for the answer under the id as it was written.
        if (id == null || (id instanceof Number && !id.toString().equals(envelope.idText))) {
            return envelope.malformed(INVALID_REQUEST, "an id must be a string or a whole number of at most 64 bits");
        }
        return new Message(new JSONRPCRequest(VERSION, name, id, params));
    }

    private static Line response(Envelope envelope) {
        Map<String, @Nullable Object> members = envelope.members;
        Object result = members.get("result");
        Object error = members.get("error");
        if (!envelope.answer || (result != null && error != null)) {
            return envelope.malformed(INVALID_REQUEST, "a response has an id, and either a result or an error");
        }
        boolean failed = error != null || !members.containsKey("result");
        boolean unaddressed = failed && members.get("id") == null;
        if (envelope.id == null && !unaddressed) {
            return envelope.malformed(INVALID_REQUEST, "an id must be a string or a whole number of at most 64 bits");
        }
        if (!failed) {
            return new Message(JSONRPCResponse.result(envelope.id, result == null ? NullNode.getInstance() : result));
        }
        JSONRPCError read = error(error);
        if (read == null) {
            return envelope.malformed(INVALID_REQUEST, "an error has a code, which is a whole number, and a message");
        }
        return envelope.id == null
                ? new Unaddressed(read.code(), read.message())
                : new Message(JSONRPCResponse.error(envelope.id, read));
    }

    private static @Nullable JSONRPCError error(@Nullable Object error) {
        if (!(error instanceof Map<?, ?> map)
                || !(map.get("code") instanceof Number code)
                || !(map.get("message") instanceof String message)) {
            return null;
        }
        return Envelope.whole(code.toString()) instanceof Integer whole
                ? new JSONRPCError(whole, message, map.get("data"))
                : null;
    }

    /** Returns a message as a line, including its line end. */
    public byte[] write(Object message) {
        // An unpaired surrogate is written as an escape, which is the only form in which it can have arrived.
        byte[] bytes = mapper.writeValueAsBytes(message);
        byte[] line = Arrays.copyOf(bytes, bytes.length + 1);
        line[bytes.length] = '\n';
        return line;
    }

    /**
     * Returns an error as a line, including its line end.
     *
     * @param id the id in JSON; {@code null} if it is unknown which request this answers
     */
    public static byte[] error(String id, int code, String message) {
        Json error = new Json().put("code", code).put("message", message);
        return ("{\"jsonrpc\":\"" + VERSION + "\",\"id\":" + id + ",\"error\":" + error + "}\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the id of a message in JSON. */
    public static String text(Object id) {
        return Value.freeze(id).json();
    }
}
