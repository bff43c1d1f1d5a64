package dev.interlock.policy.cli.server;

import dev.interlock.policy.adapter.HeaderValue;
import dev.interlock.policy.mcp.ModernParamHeaders;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers of MCP 2026-07-28 that repeat parts of a message, for servers and gateways that route by them: the
 * method, the name of what is asked for, and the arguments that the tool's schema marks with {@code x-mcp-header}. The
 * schemas are those that the server has listed last. Thread-safe.
 */
final class ModernHeaders {

    /** The most tools whose schemas are kept. A call of any other tool is sent without the headers of its arguments. */
    private static final int MOST_TOOLS = 10_000;

    /** The input schemas of the tools, by their names. Guarded by this. */
    private final Map<String, Map<?, ?>> schemas = new LinkedHashMap<>();

    /** The version of the protocol that a request names; null if it is of one in which requests don't. */
    static @Nullable String version(@Nullable Object params) {
        return params instanceof Map<?, ?> members
                        && members.get("_meta") instanceof Map<?, ?> meta
                        && meta.get(MetaKeys.PROTOCOL_VERSION) instanceof String version
                ? version
                : null;
    }

    /** The headers of a request, without that of the version. */
    Map<String, String> of(JSONRPCRequest request) {
        Map<String, String> headers = method(request.method());
        Map<?, ?> params = request.params() instanceof Map<?, ?> members ? members : Map.of();
        String member = switch (request.method()) {
            case McpSchema.METHOD_TOOLS_CALL, McpSchema.METHOD_PROMPT_GET -> "name";
            case McpSchema.METHOD_RESOURCES_READ -> "uri";
            default -> "";
        };
        if (params.get(member) instanceof String name) {
            headers.put("Mcp-Name", HeaderValue.encoded(name));
            if (request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
                ModernParamHeaders.of(name, schema(name), params.get("arguments"))
                        .forEach((header, value) -> headers.put("Mcp-Param-" + header, HeaderValue.encoded(value)));
            }
        }
        return headers;
    }

    /** The header of any message. */
    static Map<String, String> method(String method) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Mcp-Method", HeaderValue.encoded(method));
        return headers;
    }

    private synchronized Map<?, ?> schema(String tool) {
        return schemas.getOrDefault(tool, Map.of());
    }

    synchronized boolean knows(String tool) {
        return schemas.containsKey(tool);
    }

    /**
     * Learns the schemas on a page of the server's list of tools.
     *
     * @param page the result of {@code tools/list}
     * @return the page without the tools that can't be called over HTTP, since their marks are wrong
     */
    Map<?, ?> learn(Map<?, ?> page) {
        if (!(page.get("tools") instanceof List<?> tools)) {
            return page;
        }
        List<Object> callable = new ArrayList<>(tools.size());
        for (Object tool : tools) {
            if (!(tool instanceof Map<?, ?> members) || learnTool(members)) {
                callable.add(tool);
            }
        }
        if (callable.size() == tools.size()) {
            return page;
        }
        Map<Object, Object> copy = new LinkedHashMap<>(page);
        copy.put("tools", callable);
        return copy;
    }

    private boolean learnTool(Map<?, ?> tool) {
        if (!(tool.get("name") instanceof String name) || !(tool.get("inputSchema") instanceof Map<?, ?> schema)) {
            return true;
        }
        boolean valid = ModernParamHeaders.areValid(name, schema);
        synchronized (this) {
            if (valid && (schemas.size() < MOST_TOOLS || schemas.containsKey(name))) {
                schemas.put(name, schema);
            } else {
                schemas.remove(name);
            }
        }
        return valid;
    }
}
