package dev.interlock.policy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A whole policy: what a document says, checked and immutable. Policies are equal only if they say the same in the same
 * order, which decides between globs and between denials.
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

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Policy policy
                && description.equals(policy.description)
                && mode == policy.mode
                && body.equals(policy.body)
                && PolicyBody.inOrder(methods).equals(PolicyBody.inOrder(policy.methods))
                && grants.map(PolicyBody::inOrder).equals(policy.grants.map(PolicyBody::inOrder));
    }

    @Override
    public int hashCode() {
        return Objects.hash(description, mode, body, methods, grants);
    }

    /** An enforced policy with only a body. */
    public static Policy of(PolicyBody body) {
        return new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty());
    }
}
