package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.modern.JsonRpc;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.modern.client.transport.McpTransportRequest;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Converts between the messages of the SDK's modern API and those of its older one, in which the rest of this package
 * thinks. Both are the same JSON.
 */
final class ModernMessages {

    private static final TypeRef<LinkedHashMap<String, @Nullable Object>> PLAIN = new TypeRef<>() {};

    private static final TypeRef<Object> ANY = new TypeRef<>() {};

    private static final String META = "_meta";

    private ModernMessages() {}

    static McpSchema.JSONRPCRequest legacy(JSONRPCRequest request, @Nullable Object params) {
        return SdkRecords.request(request.method(), request.id(), params);
    }

    static McpSchema.JSONRPCNotification legacy(JSONRPCNotification notification) {
        return SdkRecords.notification(notification.method(), notification.params());
    }

    /**
     * A response to this request.
     *
     * @param id the request's id, which is also the response's where it has one
     */
    static McpSchema.JSONRPCResponse legacy(Object id, JSONRPCResponse response) {
        JSONRPCError error = response.error();
        return error == null
                ? SdkRecords.result(id, response.result())
                : SdkRecords.error(
                        id,
                        error.code() == null ? McpSchema.ErrorCodes.INTERNAL_ERROR : error.code(),
                        String.valueOf(error.message()),
                        error.data());
    }

    static JSONRPCResponse modern(McpSchema.JSONRPCResponse response) {
        McpSchema.JSONRPCResponse.JSONRPCError error = response.error();
        return error == null
                ? JSONRPCResponse.result(response.id(), response.result())
                : JSONRPCResponse.error(response.id(), new JSONRPCError(error.code(), error.message(), error.data()));
    }

    static JSONRPCRequest modern(McpSchema.JSONRPCRequest request) {
        return new JSONRPCRequest(JsonRpc.JSONRPC_VERSION, request.method(), request.id(), request.params());
    }

    static JSONRPCResponse result(Object id, Object result) {
        return JSONRPCResponse.result(id, result);
    }

    /** The answer where there is none of the server's that the client may see. */
    static JSONRPCResponse internalError(Object id, String text) {
        return JSONRPCResponse.error(id, new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, text, null));
    }

    static JSONRPCNotification notification(String method, Object params) {
        return new JSONRPCNotification(method, params);
    }

    /** The same request with other parameters. */
    static JSONRPCRequest with(JSONRPCRequest request, @Nullable Object params) {
        return new JSONRPCRequest(request.jsonrpc(), request.method(), request.id(), params);
    }

    /** The same request with other parameters and headers. */
    static McpTransportRequest with(
            McpTransportRequest request, @Nullable Object params, Map<String, String> paramHeaders) {
        return with(request, with(request.message(), params), paramHeaders);
    }

    private static McpTransportRequest with(
            McpTransportRequest request, JSONRPCRequest message, Map<String, String> paramHeaders) {
        return McpTransportRequest.builder(message, request.protocolVersion())
                .name(request.name())
                .paramHeaders(paramHeaders)
                .roundTimeout(request.roundTimeout())
                .build();
    }

    /** The same request under an id of its own, which a guard further on takes for any client's. */
    static McpTransportRequest underNewId(McpTransportRequest request) {
        JSONRPCRequest message = request.message();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String id = new UUID(random.nextLong(), random.nextLong()).toString();
        return with(
                request,
                new JSONRPCRequest(message.jsonrpc(), message.method(), id, message.params()),
                request.paramHeaders());
    }

    /**
     * A message that came for a request under another id, as one for that id. A response to any other request stays one
     * to another, also if it has that id.
     */
    static JSONRPCMessage answering(JSONRPCMessage message, McpTransportRequest request, Object id) {
        if (!(message instanceof JSONRPCResponse response) || response.id() == null) {
            return message;
        }
        Object answered = ModernIncoming.answers(response, request.message().id()) ? id : AdapterRequests.newId();
        return new JSONRPCResponse(response.jsonrpc(), answered, response.result(), response.error());
    }

    /** A request of ours, on behalf of another. */
    static McpTransportRequest of(McpSchema.JSONRPCRequest own, McpTransportRequest onBehalfOf) {
        return McpTransportRequest.builder(modern(own), onBehalfOf.protocolVersion())
                .build();
    }

    /**
     * A copy of the parameters and their {@code _meta}, so that what is decided is what is sent. Members may have types
     * of the client's. Null if there are none.
     */
    static @Nullable Map<String, @Nullable Object> params(JSONRPCRequest request) {
        if (request.params() == null) {
            return null;
        }
        Map<String, @Nullable Object> params = members(request.params());
        params.computeIfPresent(META, (key, meta) -> meta instanceof Map ? members(meta) : meta);
        return params;
    }

    /** The members of an object of JSON. Anything but a map whose keys are strings is converted. */
    static Map<String, @Nullable Object> members(Object object) {
        if (object instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String key)) {
                    return converted(object);
                }
                copy.put(key, entry.getValue());
            }
            return copy;
        }
        return converted(object);
    }

    /** Converts values of types other than JSON's by way of JSON. */
    static Map<String, @Nullable Object> converted(Object typed) {
        return McpJsonDefaults.getMapper().convertValue(typed, PLAIN);
    }

    /** Converts any value to plain JSON by way of JSON. */
    static Object plain(Object typed) {
        return McpJsonDefaults.getMapper().convertValue(typed, ANY);
    }

    /**
     * What is wrong with the headers of a request, or null. Servers and gateways route and check by the headers, so
     * they must say what the body says.
     */
    static @Nullable String headerProblem(McpTransportRequest request, @Nullable Map<String, ?> params) {
        Map<String, ?> body = params == null ? Map.of() : params;
        if (!(body.get(META) instanceof Map<?, ?> meta)
                || !request.protocolVersion().equals(meta.get(MetaKeys.PROTOCOL_VERSION))) {
            return "its header names another protocol version than its body";
        }
        String name = request.name();
        boolean same = switch (request.method()) {
            case McpSchema.METHOD_TOOLS_CALL, McpSchema.METHOD_PROMPT_GET -> Objects.equals(name, body.get("name"));
            case McpSchema.METHOD_RESOURCES_READ -> Objects.equals(name, body.get("uri"));
            default ->
                name == null || Set.of("name", "uri", "taskId").stream().anyMatch(key -> name.equals(body.get(key)));
        };
        return same ? null : "its header names something else than its body";
    }
}
