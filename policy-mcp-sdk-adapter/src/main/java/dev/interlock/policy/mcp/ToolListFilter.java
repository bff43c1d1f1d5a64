package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.engine.ToolCall;
import dev.interlock.policy.mcp.Callers.Caller;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.Arguments;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Learns the tools that a {@code tools/list} result announces and takes out those that its reader may not see. Results
 * come as plain maps from every transport that reads JSON, and typed from some that don't.
 */
final class ToolListFilter {

    private static final String TOOLS = "tools";

    private final PolicyEngine engine;
    private final Methods methods;
    private final @Nullable String server;
    private final Answers answers;

    ToolListFilter(PolicyEngine engine, Methods methods, @Nullable String server, Answers answers) {
        this.engine = engine;
        this.methods = methods;
        this.server = server;
        this.answers = answers;
        Definitions.load();
    }

    /** Whether it looks like the result of {@code tools/list}. */
    static boolean isToolList(@Nullable Object result) {
        return result instanceof ListToolsResult
                || (result instanceof Map<?, ?> map && map.get(TOOLS) instanceof List<?>);
    }

    /** The response to a {@code tools/list} as the caller may see it; a refusal if it can't be read. */
    JSONRPCResponse filtered(JSONRPCResponse response, Caller caller) {
        if (response.error() != null) {
            return response;
        }
        try {
            Object filtered = withoutHidden(response.result(), caller);
            return filtered == null ? response : JSONRPCResponse.result(response.id(), filtered);
        } catch (Throwable e) {
            return answers.refusal(response.id(), methods.listWithheld(e));
        }
    }

    /**
     * The result as the caller may see it, with all its other fields; null if nothing in it is hidden and it may pass as
     * it is.
     *
     * @throws IllegalArgumentException if it can't be read
     */
    @SuppressWarnings("ReferenceEquality") // Two equal definitions are still two.
    private @Nullable Object withoutHidden(@Nullable Object result, Caller caller) {
        List<?> tools = tools(result);
        List<@Nullable ToolDefinition> definitions = learnAll(tools);
        Map<String, ToolDefinition> last = lastOfEachName(definitions);
        List<Object> kept = new ArrayList<>(tools.size());
        for (int i = 0; i < tools.size(); i++) {
            ToolDefinition definition = definitions.get(i);
            if (definition != null && last.get(definition.name()) == definition && isVisible(definition, caller)) {
                kept.add(tools.get(i));
            }
        }
        if (kept.size() == tools.size()) {
            return null;
        }
        if (result instanceof ListToolsResult typed) {
            return new ListToolsResult(kept.stream().map(Tool.class::cast).toList(), typed.nextCursor(), typed.meta());
        }
        Map<Object, Object> copy = new LinkedHashMap<>((Map<?, ?>) result);
        copy.put(TOOLS, kept);
        return copy;
    }

    /**
     * Learns the tools and hides none.
     *
     * @return the cursor of the next page, or null if this is the last
     * @throws IllegalArgumentException if the result can't be read
     */
    @Nullable
    String learn(@Nullable Object result) {
        learnAll(tools(result));
        if (result instanceof ListToolsResult typed) {
            return typed.nextCursor();
        }
        return result instanceof Map<?, ?> map && map.get("nextCursor") instanceof String cursor ? cursor : null;
    }

    private static List<?> tools(@Nullable Object result) {
        if (result instanceof ListToolsResult typed) {
            return typed.tools() == null ? List.of() : typed.tools();
        }
        if (result instanceof Map<?, ?> map) {
            Object tools = map.get(TOOLS);
            if (tools == null) {
                return List.of();
            }
            if (tools instanceof List<?> list) {
                return list;
            }
        }
        throw new IllegalArgumentException("the result of tools/list has no list of tools");
    }

    private List<@Nullable ToolDefinition> learnAll(List<?> tools) {
        List<@Nullable ToolDefinition> definitions = new ArrayList<>(tools.size());
        List<ToolDefinition> readable = new ArrayList<>(tools.size());
        for (Object tool : tools) {
            ToolDefinition definition = Definitions.read(tool);
            definitions.add(definition);
            if (definition != null) {
                readable.add(definition);
            }
        }
        engine.tools().learn(server, readable);
        return definitions;
    }

    /** Of two tools of one name only the later is shown: it is the one that is known from now on, and judged. */
    private static Map<String, ToolDefinition> lastOfEachName(List<@Nullable ToolDefinition> definitions) {
        Map<String, ToolDefinition> last = new HashMap<>();
        for (ToolDefinition definition : definitions) {
            if (definition != null) {
                last.put(definition.name(), definition);
            }
        }
        return last;
    }

    private boolean isVisible(ToolDefinition definition, Caller caller) {
        return engine.visible(caller.signs(ToolCall.of(definition.name(), Arguments.NONE)));
    }
}
