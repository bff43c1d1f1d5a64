package dev.interlock.policy.naive;

import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import java.util.Map;

/**
 * What is known of tools.
 *
 * @param ratings how tools are rated, by name
 * @param otherwise how all others are rated
 * @param definitions the tools that servers have announced, by name, the same on every server
 * @param validator what checks whole schemas
 */
public record World(
        Map<String, ToolRating> ratings,
        ToolRating otherwise,
        Map<String, ToolDefinition> definitions,
        SchemaValidator validator) {

    /** How a tool is rated. */
    public ToolRating rating(String tool) {
        return ratings.getOrDefault(tool, otherwise);
    }
}
