package dev.interlock.policy.naive;

import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of tools.
 *
 * @param ratings how tools are rated, by name
 * @param otherwise how all others are rated
 * @param definitions the tools that servers have announced, by name, the same on every server
 * @param validator what checks whole schemas
 * @param ratesUnknown whether tools that no server has announced are rated
 */
public record World(
        Map<String, ToolRating> ratings,
        ToolRating otherwise,
        Map<String, ToolDefinition> definitions,
        SchemaValidator validator,
        boolean ratesUnknown) {

    /** A world where every tool is rated. */
    public World(
            Map<String, ToolRating> ratings,
            ToolRating otherwise,
            Map<String, ToolDefinition> definitions,
            SchemaValidator validator) {
        this(ratings, otherwise, definitions, validator, true);
    }

    /** How a tool is rated; null if that is not known. */
    public @Nullable ToolRating rating(String tool) {
        return ratesUnknown || definitions.containsKey(tool) ? ratings.getOrDefault(tool, otherwise) : null;
    }

    /** The same for calls that a call makes by running other tools: there, only tools that were announced are rated. */
    World ofInnerCalls() {
        return new World(ratings, otherwise, definitions, validator, false);
    }
}
