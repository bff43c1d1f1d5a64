package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Learns the tools that a response to {@code tools/list} announces and takes out those that its reader may not see. */
final class ToolLists {

    private static final String RESULT = "result";
    private static final String TOOLS = "tools";

    private final PolicyEngine engine;
    private final @Nullable String server;

    ToolLists(PolicyEngine engine, @Nullable String server) {
        this.engine = engine;
        this.server = server;
    }

    /**
     * The response as its reader may see it, with all its other fields.
     *
     * @param visible whether the reader may see a tool of that name
     * @throws IllegalArgumentException if it can't be read
     */
    JsonNode withoutHidden(JsonNode response, Predicate<String> visible) {
        if (response.has("error")) {
            return response;
        }
        ArrayNode tools = tools(response);
        List<@Nullable ToolDefinition> definitions = learnAll(tools);
        ObjectNode copy = response.deepCopy();
        ArrayNode kept = ((ObjectNode) copy.get(RESULT)).putArray(TOOLS);
        for (int i = 0; i < tools.size(); i++) {
            ToolDefinition definition = definitions.get(i);
            if (definition != null && visible.test(definition.name())) {
                kept.add(tools.get(i));
            }
        }
        return copy;
    }

    /**
     * Learns the tools and hides none.
     *
     * @return the cursor of the next page, or null if this is the last
     * @throws IllegalArgumentException if the response can't be read
     */
    @Nullable
    String learn(JsonNode response) {
        learnAll(tools(response));
        String cursor = text(response.get(RESULT), "nextCursor");
        return cursor.isEmpty() ? null : cursor;
    }

    private static ArrayNode tools(JsonNode response) {
        if (response.path(RESULT).path(TOOLS) instanceof ArrayNode tools) {
            return tools;
        }
        throw new IllegalArgumentException("the response to tools/list has no list of tools");
    }

    private List<@Nullable ToolDefinition> learnAll(ArrayNode tools) {
        List<@Nullable ToolDefinition> definitions = new ArrayList<>(tools.size());
        List<ToolDefinition> readable = new ArrayList<>(tools.size());
        for (JsonNode tool : tools) {
            ToolDefinition definition = definition(tool);
            definitions.add(definition);
            if (definition != null) {
                readable.add(definition);
            }
        }
        engine.tools().learn(server, readable);
        return definitions;
    }

    /** Null if it has no name. A part that can't be read counts as unknown, and the definition as not whole. */
    private static @Nullable ToolDefinition definition(JsonNode tool) {
        JsonNode name = tool.path("name");
        if (!name.isTextual()) {
            return null;
        }
        ObjectValue input = object(tool, "inputSchema");
        ObjectValue output = object(tool, "outputSchema");
        ObjectValue hints = object(tool, "annotations");
        boolean whole = isTextOrAbsent(tool, "title")
                && isTextOrAbsent(tool, "description")
                && (input != null || isAbsent(tool, "inputSchema"))
                && (output != null || isAbsent(tool, "outputSchema"))
                && (hints != null || isAbsent(tool, "annotations"));
        return new ToolDefinition(
                name.textValue(),
                text(tool, "title"),
                text(tool, "description"),
                input,
                output,
                hints == null ? ObjectValue.EMPTY : hints,
                whole);
    }

    private static @Nullable ObjectValue object(JsonNode tool, String member) {
        JsonNode node = tool.path(member);
        if (!node.isObject()) {
            return null;
        }
        try {
            return (ObjectValue) Value.freeze(Json.object(node, Json.MAX_DEPTH));
        } catch (InvalidValueException e) {
            return null;
        }
    }

    private static String text(JsonNode object, String member) {
        return object.path(member).isTextual() ? object.path(member).textValue() : "";
    }

    private static boolean isTextOrAbsent(JsonNode tool, String member) {
        return tool.path(member).isTextual() || isAbsent(tool, member);
    }

    private static boolean isAbsent(JsonNode tool, String member) {
        JsonNode node = tool.path(member);
        return node.isMissingNode() || node.isNull();
    }
}
