package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.adapter.ToolListPage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolDefinition;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Learns the tools that a response to {@code tools/list} announces, and removes those that its reader may not see. */
final class ToolLists {

    private static final String RESULT = "result";
    private static final String TOOLS = "tools";

    private ToolLists() {}

    /**
     * Returns the response as its reader may see it, with all its other fields. A response with a result counts as a
     * result, whatever else it holds: the client reads the result of a list if there is one, and ignores an error.
     *
     * @param list the list to which this page belongs
     * @param signing adds what is known of the reader to a call
     * @throws IllegalArgumentException if the response can't be read
     */
    static JsonNode withoutHidden(
            JsonNode response, Listing list, PolicyEngine engine, UnaryOperator<ToolCall> signing) {
        if (!response.has(RESULT) && response.has("error")) {
            return response;
        }
        ToolListPage page = page(response);
        ObjectNode copy = response.deepCopy();
        ArrayNode shown = ((ObjectNode) copy.get(RESULT)).putArray(TOOLS);
        page.visible(list, engine, signing).forEach(tool -> shown.add(((JsonMap) tool).object()));
        return copy;
    }

    /**
     * Learns the tools and hides none.
     *
     * @param list the list to which the response belongs
     * @return the cursor of the next page, or null if this is the last
     * @throws IllegalArgumentException if the response can't be read
     */
    static @Nullable String learn(JsonNode response, Listing list) {
        return page(response).learn(list);
    }

    private static ToolListPage page(JsonNode response) {
        JsonNode result = response.path(RESULT);
        ToolListPage page = ToolListPage.of(JsonMap.of(result), ToolLists::definition);
        if (!result.path(TOOLS).isArray()) {
            throw new IllegalArgumentException("the response to tools/list has no list of tools");
        }
        return page;
    }

    private static @Nullable ToolDefinition definition(@Nullable Object tool) {
        return tool instanceof Map<?, ?> members ? ToolListPage.definition(members) : null;
    }
}
