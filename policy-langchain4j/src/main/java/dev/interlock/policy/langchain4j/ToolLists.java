package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.tool.AnnouncedTools.Announced;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.KnownNames;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Learns the tools that a response to {@code tools/list} announces, and removes those that its reader may not see. */
final class ToolLists {

    private static final String RESULT = "result";
    private static final String TOOLS = "tools";
    private static final KnownNames NAMES = KnownNames.of(TOOLS);
    private static final KnownNames PARTS =
            KnownNames.of("name", "title", "description", "inputSchema", "outputSchema", "annotations");

    private ToolLists() {}

    /**
     * Returns the response as its reader may see it, with all its other fields. A response with a result counts as a
     * result, whatever else it holds: the client reads the result of a list if there is one, and ignores an error.
     *
     * @param list the list to which this page belongs
     * @param visible whether the reader may see a tool
     * @throws IllegalArgumentException if the response can't be read
     */
    static JsonNode withoutHidden(JsonNode response, Listing list, Predicate<Announced> visible) {
        if (!response.has(RESULT) && response.has("error")) {
            return response;
        }
        ArrayNode tools = tools(response);
        List<@Nullable Announced> announced = list.page(definitions(tools), next(response));
        ObjectNode copy = response.deepCopy();
        ArrayNode kept = ((ObjectNode) copy.get(RESULT)).putArray(TOOLS);
        for (int i = 0; i < tools.size(); i++) {
            Announced tool = announced.get(i);
            if (tool != null && visible.test(tool)) {
                kept.add(tools.get(i));
            }
        }
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
        String next = next(response);
        list.page(definitions(tools(response)), next);
        return next;
    }

    private static @Nullable String next(JsonNode response) {
        JsonNode cursor = response.path(RESULT).path("nextCursor");
        // The client reads a number as a string, and goes on to the next page.
        return cursor.isNull() || cursor.asText().isEmpty() ? null : cursor.asText();
    }

    private static ArrayNode tools(JsonNode response) {
        JsonNode result = response.path(RESULT);
        if (hasLookAlike(result, NAMES)) {
            throw new IllegalArgumentException("a member of the response to tools/list passes for its tools");
        }
        if (result.path(TOOLS) instanceof ArrayNode tools) {
            return tools;
        }
        throw new IllegalArgumentException("the response to tools/list has no list of tools");
    }

    private static boolean hasLookAlike(JsonNode object, KnownNames known) {
        return object.properties().stream().anyMatch(member -> known.isLookAlike(member.getKey()));
    }

    private static List<@Nullable ToolDefinition> definitions(ArrayNode tools) {
        List<@Nullable ToolDefinition> definitions = new ArrayList<>(tools.size());
        tools.forEach(tool -> definitions.add(definition(tool)));
        return definitions;
    }

    /**
     * Null if the tool has no name, or has a member that some reader may take for its name or another part. A part that
     * can't be read counts as unknown, and the definition as not whole.
     */
    private static @Nullable ToolDefinition definition(JsonNode tool) {
        JsonNode name = tool.path("name");
        if (!name.isTextual() || hasLookAlike(tool, PARTS)) {
            return null;
        }
        ObjectValue input = object(tool, "inputSchema");
        ObjectValue output = object(tool, "outputSchema");
        ObjectValue hints = object(tool, "annotations");
        ObjectValue others = others(tool);
        boolean whole = others != null
                && isTextOrAbsent(tool, "title")
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
                others == null ? ObjectValue.EMPTY : others,
                whole);
    }

    private static @Nullable ObjectValue object(JsonNode tool, String member) {
        JsonNode node = tool.path(member);
        return node.isObject() ? frozen(node) : null;
    }

    /** All members without a field of their own in the definition; null if they can't be read. */
    private static @Nullable ObjectValue others(JsonNode tool) {
        ObjectNode others = JsonNodeFactory.instance.objectNode();
        tool.properties().forEach(member -> {
            if (ToolDefinition.isOther(member.getKey(), member.getValue().isNull())) {
                others.set(member.getKey(), member.getValue());
            }
        });
        return frozen(others);
    }

    private static @Nullable ObjectValue frozen(JsonNode node) {
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
