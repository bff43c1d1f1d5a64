package dev.interlock.policy.tool;

/**
 * Rates tools. Implementations must be thread-safe, deterministic and fast (no network): the engine asks once for each
 * definition, and again with the bare name when a tool is called that no server has announced.
 */
@FunctionalInterface
public interface ToolClassifier {

    /**
     * Rates a tool from what its server says of it. The definition is the server's own word and may lie.
     *
     * @param tool the definition; for a tool that no server has announced, only the name is filled in
     */
    ToolRating rate(ToolDefinition tool);
}
