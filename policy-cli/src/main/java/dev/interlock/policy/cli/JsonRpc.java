package dev.interlock.policy.cli;

import dev.interlock.policy.value.InvalidValueException;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads and writes single messages of JSON-RPC. What is read is held to the standard, since what is let through is
 * forwarded: no batch, no key twice, no message that is a request to one reader and a response to another.
 */
final class JsonRpc {

    static final int PARSE_ERROR = -32700;
    static final int INVALID_REQUEST = -32600;
    static final int INTERNAL_ERROR = -32603;

    private static final String VERSION = "2.0";

    private final JsonFactory json = JsonReader.factory();
    private final JsonMapper mapper = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** A text is no message of JSON-RPC. */
    static final class MalformedException extends RuntimeException {
        private final int code;

        MalformedException(int code, String message) {
            super(message, null, false, false);
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** The same reading and writing for the SDK's transports. */
    McpJsonMapper forSdk() {
        return new JacksonMcpJsonMapper(mapper);
    }

    /**
     * The message in a line.
     *
     * @throws MalformedException if it is none
     */
    JSONRPCMessage read(byte[] buffer, int offset, int length) {
        Object value;
        try (JsonParser parser = json.createParser(JsonReader.CONTEXT, buffer, offset, length)) {
            if (parser.nextToken() == null) {
                throw new MalformedException(PARSE_ERROR, "there is no JSON here");
            }
            value = JsonReader.read(parser);
            if (parser.nextToken() != null) {
                throw new MalformedException(PARSE_ERROR, "there is more than one JSON value on the line");
            }
        } catch (JacksonException e) {
            throw new MalformedException(PARSE_ERROR, "the line is no JSON");
        } catch (InvalidValueException | JsonReader.PastBoundsException e) {
            throw new MalformedException(INVALID_REQUEST, String.valueOf(e.getMessage()));
        }
        if (value instanceof List<?>) {
            throw new MalformedException(INVALID_REQUEST, "batches are not taken; send each message on its own line");
        }
        if (!(value instanceof Map<?, ?> message) || !VERSION.equals(message.get("jsonrpc"))) {
            throw new MalformedException(INVALID_REQUEST, "this is no message of JSON-RPC 2.0");
        }
        return message(message);
    }

    private static JSONRPCMessage message(Map<?, ?> message) {
        Object method = message.get("method");
        boolean hasId = message.containsKey("id");
        if (message.containsKey("method")) {
            if (!(method instanceof String name) || message.containsKey("result") || message.containsKey("error")) {
                throw new MalformedException(INVALID_REQUEST, "a request has a method, and no result or error");
            }
            Object params = message.get("params");
            return hasId
                    ? new JSONRPCRequest(VERSION, name, id(message), params)
                    : new JSONRPCNotification(VERSION, name, params);
        }
        if (!hasId || message.containsKey("result") == message.containsKey("error")) {
            throw new MalformedException(INVALID_REQUEST, "a response has an id, and either a result or an error");
        }
        return new JSONRPCResponse(
                VERSION,
                message.get("id") == null ? null : id(message),
                message.get("result"),
                error(message.get("error")));
    }

    private static Object id(Map<?, ?> message) {
        Object id = message.get("id");
        if (id instanceof String || id instanceof Integer || id instanceof Long || id instanceof BigInteger) {
            return id;
        }
        throw new MalformedException(INVALID_REQUEST, "an id must be a string or a whole number");
    }

    private static @Nullable JSONRPCError error(@Nullable Object error) {
        if (error == null) {
            return null;
        }
        if (error instanceof Map<?, ?> map
                && map.get("code") instanceof Integer code
                && map.get("message") instanceof String message) {
            return new JSONRPCError(code, message, map.get("data"));
        }
        throw new MalformedException(INVALID_REQUEST, "an error has a code and a message");
    }

    /** A message as a line, without its end. */
    String write(JSONRPCMessage message) {
        return mapper.writeValueAsString(message);
    }

    /** An error without a request that it answers, as a line without its end. */
    static String error(@Nullable Object id, int code, String message) {
        Json json = new Json().put("jsonrpc", VERSION);
        if (id instanceof String text) {
            json.put("id", text);
        } else if (id == null) {
            json.put("id", (String) null);
        } else {
            json.put("id", dev.interlock.policy.value.Value.freeze(id));
        }
        return json.put("error", new Json().put("code", code).put("message", message))
                .toString();
    }
}
