package dev.interlock.policy.mcp;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.Callers.Caller;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Announced;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.KnownNames;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.PaginatedRequest;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Learns the tools that a {@code tools/list} result announces, and removes those that its reader may not see.
 * Transports that read JSON deliver results as plain maps; some others deliver typed ones.
 */
final class ToolListFilter {

    private static final String TOOLS = "tools";
    private static final KnownNames NAMES = KnownNames.of(TOOLS);

    private final PolicyEngine engine;
    private final Methods methods;
    private final Answers answers;

    ToolListFilter(PolicyEngine engine, Methods methods, Answers answers) {
        this.engine = engine;
        this.methods = methods;
        this.answers = answers;
        ToolDefinitionReader.load();
    }

    /** Whether this looks like the result of {@code tools/list}, even if only to a careless reader. */
    static boolean isToolList(@Nullable Object result) {
        return result instanceof ListToolsResult
                || (result instanceof Map<?, ?> map && map.entrySet().stream().anyMatch(ToolListFilter::holdsTools));
    }

    private static boolean holdsTools(Map.Entry<?, ?> member) {
        return member.getValue() instanceof List<?>
                && member.getKey() instanceof String name
                && NAMES.meant(name) != null;
    }

    /** The cursor with which a list is requested; null for the first page. */
    static @Nullable String cursor(JSONRPCRequest request) {
        if (request.params() instanceof PaginatedRequest typed) {
            return typed.cursor();
        }
        Object cursor = request.params() instanceof Map<?, ?> params ? params.get("cursor") : request.params();
        // A cursor that can't be read is not one of ours, so its page only adds to what is known.
        return cursor == null ? null : String.valueOf(cursor instanceof String ? cursor : "");
    }

    /**
     * Returns the response to a {@code tools/list} as the caller may see it, or a refusal if it can't be read.
     *
     * @param list the list to which this page belongs
     */
    JSONRPCResponse filtered(JSONRPCResponse response, Caller caller, Listing list) {
        if (response.error() != null) {
            return response;
        }
        try {
            Object filtered = withoutHidden(response.result(), caller, list);
            return filtered == null ? response : SdkRecords.result(response.id(), filtered);
        } catch (Throwable e) {
            return answers.refusal(response.id(), methods.listWithheld(e));
        }
    }

    /**
     * Returns the result as the caller may see it, with all its other fields. Null if nothing in it is hidden and it
     * may pass unchanged. Each tool is judged by what this page says about it, whatever else is announced in the
     * meantime.
     *
     * @throws IllegalArgumentException if the result can't be read
     */
    private @Nullable Object withoutHidden(@Nullable Object result, Caller caller, Listing list) {
        List<?> tools = tools(result);
        List<@Nullable Announced> announced = list.page(definitions(tools), next(result));
        List<Object> kept = new ArrayList<>(tools.size());
        for (int i = 0; i < tools.size(); i++) {
            Announced tool = announced.get(i);
            if (tool != null && isVisible(tool, caller, list.tools())) {
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
     * @param list the list to which the result belongs
     * @return the cursor of the next page, or null if this is the last
     * @throws IllegalArgumentException if the result can't be read
     */
    static @Nullable String learn(@Nullable Object result, Listing list) {
        String next = next(result);
        list.page(definitions(tools(result)), next);
        return next;
    }

    private static @Nullable String next(@Nullable Object result) {
        Object cursor = result instanceof ListToolsResult typed
                ? typed.nextCursor()
                : result instanceof Map<?, ?> map ? map.get("nextCursor") : null;
        // A client reads a number as a string, and goes on to the next page.
        String text = cursor instanceof String || cursor instanceof Number || cursor instanceof Boolean
                ? String.valueOf(cursor)
                : "";
        return text.isEmpty() ? null : text;
    }

    private static List<?> tools(@Nullable Object result) {
        if (result instanceof ListToolsResult typed) {
            return typed.tools() == null ? List.of() : typed.tools();
        }
        if (result instanceof Map<?, ?> map) {
            if (map.keySet().stream().anyMatch(NAMES::isLookAlike)) {
                throw new IllegalArgumentException("a member of the result of tools/list passes for its tools");
            }
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

    private static List<@Nullable ToolDefinition> definitions(List<?> tools) {
        List<@Nullable ToolDefinition> definitions = new ArrayList<>(tools.size());
        for (Object tool : tools) {
            definitions.add(ToolDefinitionReader.read(tool));
        }
        return definitions;
    }

    private boolean isVisible(Announced tool, Caller caller, AnnouncedTools tools) {
        ToolCall call = ToolCall.of(tool.definition().name(), Arguments.NONE);
        return engine.visible(caller.signs(call).among(tools), tool.known());
    }
}
