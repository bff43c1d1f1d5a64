package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import java.util.Optional;

/**
 * Checks arguments against a JSON Schema. The adapter provides one that uses the MCP SDK's own validator. Thread-safe.
 */
@FunctionalInterface
public interface SchemaValidator {

    /**
     * Checks {@code arguments} against {@code schema}.
     *
     * @return what is wrong, as the agent is told: it names places and expectations but quotes no value; empty if
     *     nothing is wrong
     */
    Optional<String> problem(ObjectValue schema, ObjectValue arguments);
}
