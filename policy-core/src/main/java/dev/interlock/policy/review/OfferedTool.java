package dev.interlock.policy.review;

import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import org.jspecify.annotations.Nullable;

/** A tool, its server, and its rating. */
record OfferedTool(@Nullable String server, ToolDefinition definition, ToolRating rating) {

    String name() {
        return definition.name();
    }
}
