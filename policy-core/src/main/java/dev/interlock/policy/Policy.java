package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A whole policy: what a document says, checked and immutable. Policies are equal only if they say the same in the same
 * order, because the order decides between globs and between denials.
 *
 * @param description what people call it; empty if it has no description
 * @param mode whether denials are enforced
 * @param body what may be called
 * @param methods what happens to MCP methods other than {@code tools/call}, by name or glob, in document order;
 *     unlisted ones pass. What {@code methodEntries} has is allowed here
 * @param grants bodies by identity or glob, in document order; empty if the policy doesn't distinguish identities. A
 *     present but empty map grants nothing to any identity.
 * @param context the keys of {@code ctx} that the host supplies with each call, each once; empty if the policy doesn't
 *     say. An engine whose host does not declare all of them refuses the policy.
 * @param suspended what an agent is told while the policy suspends every call; blank if the policy suspends without a
 *     text, empty if it doesn't suspend
 * @param methodEntries what requests must satisfy, by the method or glob in {@code methods} that allows them. Such an
 *     entry has conditions and limits only, and their paths begin with {@code params}, {@code call} or {@code ctx}
 */
public record Policy(
        String description,
        Mode mode,
        PolicyBody body,
        Map<NamePattern, Posture> methods,
        Optional<Map<NamePattern, PolicyBody>> grants,
        Optional<List<String>> context,
        Optional<String> suspended,
        Map<NamePattern, Entry> methodEntries) {

    /**
     * Copies everything, keeping order.
     *
     * @throws IllegalArgumentException if a key of {@code ctx} is named twice, or an entry belongs to no method that is
     *     allowed
     */
    public Policy {
        context = context.map(List::copyOf);
        context.ifPresent(Policy::requireDistinct);
        methods = Collections.unmodifiableMap(new LinkedHashMap<>(methods));
        methodEntries = Collections.unmodifiableMap(new LinkedHashMap<>(methodEntries));
        for (NamePattern method : methodEntries.keySet()) {
            if (methods.get(method) != Posture.ALLOW) {
                throw new IllegalArgumentException("'" + method + "' has an entry, and so must be allowed");
            }
        }
        grants = grants.map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)));
    }

    /** Creates a policy that says of methods only whether they are allowed. */
    public Policy(
            String description,
            Mode mode,
            PolicyBody body,
            Map<NamePattern, Posture> methods,
            Optional<Map<NamePattern, PolicyBody>> grants,
            Optional<List<String>> context,
            Optional<String> suspended) {
        this(description, mode, body, methods, grants, context, suspended, Map.of());
    }

    /** Creates a policy that suspends nothing. */
    public Policy(
            String description,
            Mode mode,
            PolicyBody body,
            Map<NamePattern, Posture> methods,
            Optional<Map<NamePattern, PolicyBody>> grants,
            Optional<List<String>> context) {
        this(description, mode, body, methods, grants, context, Optional.empty());
    }

    /** Creates a policy that doesn't say what its host supplies. */
    public Policy(
            String description,
            Mode mode,
            PolicyBody body,
            Map<NamePattern, Posture> methods,
            Optional<Map<NamePattern, PolicyBody>> grants) {
        this(description, mode, body, methods, grants, Optional.empty());
    }

    private static void requireDistinct(List<String> keys) {
        if (new HashSet<>(keys).size() < keys.size()) {
            throw new IllegalArgumentException("a key of ctx is named twice: " + keys);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Policy policy
                && description.equals(policy.description)
                && mode == policy.mode
                && body.equals(policy.body)
                && PolicyBody.inOrder(methods).equals(PolicyBody.inOrder(policy.methods))
                && grants.map(PolicyBody::inOrder).equals(policy.grants.map(PolicyBody::inOrder))
                && context.equals(policy.context)
                && suspended.equals(policy.suspended)
                && methodEntries.equals(policy.methodEntries);
    }

    @Override
    public int hashCode() {
        return Objects.hash(description, mode, body, methods, grants, context, suspended, methodEntries);
    }

    /** Returns all entries for tools: those of its body, then those of the grants. */
    public Stream<Entry> entries() {
        return Stream.concat(Stream.of(body), grants.stream().flatMap(map -> map.values().stream()))
                .flatMap(PolicyBody::entries);
    }

    /** Returns the names of the host's predicates that conditions ask ({@code op: custom.<name>}). */
    public Set<String> predicates() {
        Set<String> names = new TreeSet<>();
        Stream.concat(entries(), methodEntries.values().stream())
                .flatMap(entry -> entry.conditions().stream())
                .map(condition -> condition.operand().predicate())
                .filter(Objects::nonNull)
                .forEach(names::add);
        return Collections.unmodifiableSet(names);
    }

    /** Returns an enforced policy with only a body. */
    public static Policy of(PolicyBody body) {
        return new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty());
    }
}
