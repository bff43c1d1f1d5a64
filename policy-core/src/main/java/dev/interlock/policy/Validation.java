package dev.interlock.policy;

import java.util.List;
import java.util.OptionalInt;

/**
 * Checks on the arguments: {@code validate} in a rule.
 *
 * @param schemaRequired whether every argument that the tool's input schema requires must be present
 *     ({@code required_args: true})
 * @param required arguments that must be present, by name
 * @param schema whether the arguments must satisfy the whole input schema
 * @param noUnknown whether only arguments that the input schema names may be present
 * @param maxBytes the most bytes of compact JSON; empty for no bound except the host's
 * @param maxDepth the deepest nesting; empty for no bound except the host's
 */
public record Validation(
        boolean schemaRequired,
        List<String> required,
        boolean schema,
        boolean noUnknown,
        OptionalInt maxBytes,
        OptionalInt maxDepth) {

    /** Copies the names. */
    public Validation {
        required = List.copyOf(required);
    }

    /** Returns whether it checks nothing. */
    public boolean isEmpty() {
        return !schemaRequired
                && required.isEmpty()
                && !schema
                && !noUnknown
                && maxBytes.isEmpty()
                && maxDepth.isEmpty();
    }
}
