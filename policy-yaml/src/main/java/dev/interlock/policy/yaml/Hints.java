package dev.interlock.policy.yaml;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sentences that several readers use. */
final class Hints {

    /** What Intercept does with an unknown key. */
    static final String IGNORED = "Intercept would have ignored it";

    /** What Intercept does with an empty list item. */
    static final String DROPPED = "fill it in or take it out; Intercept would have dropped it";

    /** An example of each required key. */
    private static final Map<String, String> EXAMPLES = Map.of(
            "max", "such as max: 10",
            "window", "such as window: hour, or window: 90s",
            "counter", "such as counter: refunds",
            "path", "such as path: args.amount",
            "op", "such as op: eq",
            "value", "such as value: 10; write null if null is meant",
            "conditions", "write conditions: [] if it holds for every call");

    private Hints() {}

    /** The value of a required key; reports it if it is missing. */
    static @Nullable Node required(Fields fields, String key, DiagnosticCollector findings) {
        Node node = fields.get(key);
        if (node == null) {
            findings.error(
                    "missing-key",
                    fields.map(),
                    fields.at(),
                    fields.owner() + " needs '" + key + "'",
                    EXAMPLES.getOrDefault(key, "add it"));
        }
        return node;
    }
}
