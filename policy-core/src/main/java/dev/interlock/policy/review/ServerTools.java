package dev.interlock.policy.review;

import dev.interlock.policy.tool.ToolDefinition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tools that one server announces.
 *
 * @param server the name by which policies know it, or null if it has none
 * @param tools its tools, from all pages
 */
public record ServerTools(@Nullable String server, List<ToolDefinition> tools) {

    /** Copies the list. */
    public ServerTools {
        tools = List.copyOf(tools);
    }
}
