package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.InitializeResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpTransportSessionClosedException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes and reads the SDK's types in ways that all supported versions of it have. Its shorter constructors and factory
 * methods came with version 2.0, and some components have another type before that.
 */
final class SdkRecords {

    private SdkRecords() {}

    static JSONRPCRequest request(String method, Object id, @Nullable Object params) {
        return new JSONRPCRequest(McpSchema.JSONRPC_VERSION, method, id, params);
    }

    /** The same request with other parameters. */
    static JSONRPCRequest with(JSONRPCRequest request, Object params) {
        return new JSONRPCRequest(request.jsonrpc(), request.method(), request.id(), params);
    }

    static CallToolRequest call(
            String tool, @Nullable Map<String, Object> arguments, @Nullable Map<String, Object> meta) {
        return new CallToolRequest(tool, arguments, meta);
    }

    /** The same page with other tools. */
    static ListToolsResult with(ListToolsResult page, List<?> tools) {
        return new ListToolsResult(tools.stream().map(Tool.class::cast).toList(), page.nextCursor(), page.meta());
    }

    /** The same answer to {@code initialize} with other capabilities. */
    static InitializeResult with(InitializeResult answer, ServerCapabilities capabilities) {
        return new InitializeResult(
                answer.protocolVersion(), capabilities, answer.serverInfo(), answer.instructions(), answer.meta());
    }

    static JSONRPCNotification notification(String method, @Nullable Object params) {
        return new JSONRPCNotification(McpSchema.JSONRPC_VERSION, method, params);
    }

    static JSONRPCResponse result(Object id, @Nullable Object result) {
        return new JSONRPCResponse(McpSchema.JSONRPC_VERSION, id, result, null);
    }

    static JSONRPCResponse error(Object id, JSONRPCError error) {
        return new JSONRPCResponse(McpSchema.JSONRPC_VERSION, id, null, error);
    }

    static JSONRPCResponse error(Object id, int code, String message, @Nullable Object data) {
        return error(id, new JSONRPCError(code, message, data));
    }

    @SuppressWarnings("removal") // the constructor without a message came with 2.0
    static McpTransportSessionClosedException sessionClosed() {
        return new McpTransportSessionClosedException("the connection is closed");
    }

    /** The components of a tool that are not null, by the names with which they are sent. */
    static Map<String, Object> components(Tool tool) {
        Map<String, Object> components = new LinkedHashMap<>();
        for (RecordComponent component : Tool.class.getRecordComponents()) {
            Object value = value(tool, component);
            if (value != null) {
                components.put(component.getName().equals("meta") ? "_meta" : component.getName(), value);
            }
        }
        return components;
    }

    private static @Nullable Object value(Tool tool, RecordComponent component) {
        try {
            return component.getAccessor().invoke(tool);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the SDK's Tool can't be read: " + component.getName(), e);
        }
    }
}
