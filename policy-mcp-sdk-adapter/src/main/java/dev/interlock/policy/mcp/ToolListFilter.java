package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.ToolListPage;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.PaginatedRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Learns the tools that a {@code tools/list} result announces, and removes those that its reader may not see.
 * Transports that read JSON deliver results as plain maps; some others deliver typed ones.
 */
final class ToolListFilter {

    private static final String TOOLS = "tools";
    private static final String TTL = "ttlMs";
    private static final String SCOPE = "cacheScope";

    /** How long a page may be kept at most. */
    private static final long MAX_TTL_MILLIS = 60_000;

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
        return result instanceof ListToolsResult || (result instanceof Map<?, ?> map && ToolListPage.isIn(map));
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
     * @param mayBeKept whether the protocol has clients keep lists, and so the page says how long
     */
    JSONRPCResponse filtered(JSONRPCResponse response, ResolvedCaller caller, Listing list, boolean mayBeKept) {
        if (response.error() != null) {
            return response;
        }
        try {
            Object page = response.result();
            Object filtered = withoutHidden(page, caller, list);
            Object shown = shortLived(filtered == null ? page : filtered, mayBeKept);
            return Objects.equals(shown, page) ? response : SdkRecords.result(response.id(), shown);
        } catch (Throwable e) {
            return answers.refusal(response.id(), methods.listWithheld(e));
        }
    }

    /** Null if nothing is hidden and the result may pass unchanged. */
    private @Nullable Object withoutHidden(@Nullable Object result, ResolvedCaller caller, Listing list) {
        ToolListPage page = page(result);
        List<?> visible = page.visible(list, engine, caller::signs);
        if (visible.size() == page.tools().size()) {
            return null;
        }
        if (result instanceof ListToolsResult typed) {
            return SdkRecords.with(typed, visible);
        }
        Map<Object, Object> copy = new LinkedHashMap<>((Map<?, ?>) result);
        copy.put(TOOLS, visible);
        return copy;
    }

    /** What is shown to one caller is not for others, and not for long: the policy may change. */
    private static @Nullable Object shortLived(@Nullable Object page, boolean mayBeKept) {
        if (!(page instanceof Map<?, ?> members)
                || !(mayBeKept || members.containsKey(TTL) || members.containsKey(SCOPE))) {
            return page;
        }
        Map<Object, Object> copy = new LinkedHashMap<>(members);
        long ttl = members.get(TTL) instanceof Number given ? given.longValue() : 0;
        copy.put(TTL, Math.max(0, Math.min(ttl, MAX_TTL_MILLIS)));
        copy.put(SCOPE, "private");
        return copy;
    }

    /**
     * Reads a result.
     *
     * @throws IllegalArgumentException if it can't be read
     */
    static ToolListPage page(@Nullable Object result) {
        return result instanceof ListToolsResult typed
                ? new ToolListPage(
                        typed.tools() == null ? List.of() : typed.tools(),
                        ToolDefinitionReader::read,
                        typed.nextCursor())
                : ToolListPage.of(result, ToolDefinitionReader::read);
    }
}
