package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import java.util.Optional;

/** Checks arguments against a JSON Schema. The MCP SDK's own validator is one, by way of the adapter. Thread-safe. */
@FunctionalInterface
public interface SchemaValidator {

    /**
     * Checks {@code arguments} against {@code schema}.
     *
     * @return what is wrong, told to the agent: it names places and expectations but quotes no value; empty if nothing is
     */
    Optional<String> problem(ObjectValue schema, ObjectValue arguments);
}
