package dev.interlock.policy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A whole policy: what a document says, checked and immutable.
 *
 * @param description what people call it; empty if it has no description
 * @param mode whether denials are enforced
 * @param body what may be called
 * @param methods what happens to MCP methods other than {@code tools/call}, by name or glob, in document order;
 *     unlisted ones pass
 * @param grants bodies by identity or glob, in document order; empty if the policy doesn't tell identities apart. A
 *     present but empty map grants nothing to anyone.
 */
public record Policy(
        String description,
        Mode mode,
        PolicyBody body,
        Map<NamePattern, Posture> methods,
        Optional<Map<NamePattern, PolicyBody>> grants) {

    /** Copies everything, keeping order. */
    public Policy {
        methods = Collections.unmodifiableMap(new LinkedHashMap<>(methods));
        grants = grants.map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)));
    }

    /** An enforced policy with only a body. */
    public static Policy of(PolicyBody body) {
        return new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty());
    }
}
