package dev.interlock.policy.tool;

/**
 * Rates tools. Implementations must be thread-safe, deterministic and fast (no network). The engine asks once for each
 * definition, and again with only the name when a tool is called that no server has announced.
 */
@FunctionalInterface
public interface ToolClassifier {

    /**
     * Rates a tool by what its server says about it. The definition comes from the server and may lie.
     *
     * @param tool the definition; for a tool that no server has announced, it contains only the name
     */
    ToolRating rate(ToolDefinition tool);
}
