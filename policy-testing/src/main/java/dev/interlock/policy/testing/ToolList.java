package dev.interlock.policy.testing;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tools that a simulator knows, as a server would announce them, with ratings set by hand where a definition has a
 * {@code category} or {@code risk}.
 *
 * @param definitions the definitions
 * @param ratings ratings by tool name
 */
public record ToolList(List<ToolDefinition> definitions, Map<String, ToolRating> ratings) {

    /** Members of a saved list that don't come from a server. */
    private static final Set<String> OWN = Set.of("category", "risk");

    /** No tools. */
    public static final ToolList NONE = new ToolList(List.of(), Map.of());

    /** Copies both. */
    public ToolList {
        definitions = List.copyOf(definitions);
        ratings = Map.copyOf(ratings);
    }

    /**
     * Reads a list of definitions, a {@code tools/list} result that contains one, or a whole response with such a
     * result.
     *
     * @throws IllegalArgumentException if it is none of these; the message says what is wrong
     */
    public static ToolList of(Value value) {
        List<ToolDefinition> definitions = new ArrayList<>();
        Map<String, ToolRating> ratings = new LinkedHashMap<>();
        for (Value item : items(value)) {
            if (!(item instanceof ObjectValue tool) || tool.text("name") == null) {
                throw new IllegalArgumentException("a tool must be an object with a name");
            }
            String name = String.valueOf(tool.text("name"));
            String description = tool.text("description");
            String title = tool.text("title");
            definitions.add(new ToolDefinition(
                    name,
                    title == null ? "" : title,
                    description == null ? "" : description,
                    object(tool, "inputSchema"),
                    object(tool, "outputSchema"),
                    orEmpty(object(tool, "annotations")),
                    others(tool),
                    true));
            ToolRating rating = rating(tool, name);
            if (rating != null) {
                ratings.put(name, rating);
            }
        }
        return new ToolList(definitions, ratings);
    }

    private static List<Value> items(Value value) {
        if (value instanceof Value.Array array) {
            return array.items();
        }
        if (value instanceof ObjectValue object) {
            Value tools = object.get("tools");
            Value result = object.get("result");
            if (tools instanceof Value.Array array) {
                return array.items();
            }
            if (result instanceof ObjectValue inner && inner.get("tools") instanceof Value.Array array) {
                return array.items();
            }
        }
        throw new IllegalArgumentException(
                "tools must be a list of definitions, or an object whose 'tools' is one, as tools/list answers");
    }

    private static @Nullable ObjectValue object(ObjectValue tool, String key) {
        Value value = tool.get(key);
        if (value == null || value == Value.Nil.NULL) {
            return null;
        }
        if (value instanceof ObjectValue object) {
            return object;
        }
        throw new IllegalArgumentException("the " + key + " of tool '" + tool.text("name") + "' must be an object");
    }

    private static ObjectValue orEmpty(@Nullable ObjectValue object) {
        return object == null ? ObjectValue.EMPTY : object;
    }

    /** Everything else that the server says about the tool, without the rating that was set by hand. */
    private static ObjectValue others(ObjectValue tool) {
        Map<String, Value> others = new LinkedHashMap<>();
        tool.members().forEach((name, value) -> {
            if (ToolDefinition.isOther(name, value == Value.Nil.NULL) && !OWN.contains(name)) {
                others.put(name, value);
            }
        });
        return ObjectValue.of(others);
    }

    private static @Nullable ToolRating rating(ObjectValue tool, String name) {
        String category = tool.text("category");
        String risk = tool.text("risk");
        return category == null && risk == null ? null : rating(name, category, risk);
    }

    /**
     * A rating set by hand.
     *
     * @param category the category, or null for the risk's usual one
     * @param risk the risk, or null for the category's usual one
     * @throws IllegalArgumentException if the category or risk doesn't exist
     */
    public static ToolRating rating(String tool, @Nullable String category, @Nullable String risk) {
        RiskLevel level = risk == null
                ? null
                : RiskLevel.of(risk)
                        .orElseThrow(() -> new IllegalArgumentException("there is no risk '" + risk + "' (tool '" + tool
                                + "'); there are low, medium, high and critical"));
        ToolCategory kind = category == null
                ? usualFor(level)
                : ToolCategory.of(category)
                        .orElseThrow(() -> new IllegalArgumentException("there is no category '" + category
                                + "' (tool '" + tool
                                + "'); there are read, write, execute, destructive and financial"));
        return level == null ? ToolRating.of(kind) : ToolRating.of(kind, level);
    }

    private static ToolCategory usualFor(@Nullable RiskLevel risk) {
        for (ToolCategory category : ToolCategory.values()) {
            if (category.usualRisk() == risk) {
                return category;
            }
        }
        return ToolCategory.DESTRUCTIVE;
    }
}
