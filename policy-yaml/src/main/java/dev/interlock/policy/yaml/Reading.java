package dev.interlock.policy.yaml;

import dev.interlock.policy.Policy;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of reading a document: a policy, unless there are errors, and everything there is to say about the
 * document, in its order.
 */
public final class Reading {

    private final @Nullable Policy policy;
    private final List<Diagnostic> diagnostics;

    Reading(@Nullable Policy policy, List<Diagnostic> diagnostics) {
        this.policy = policy;
        this.diagnostics = List.copyOf(diagnostics);
    }

    /** The policy; empty if there are errors. */
    public Optional<Policy> policy() {
        return Optional.ofNullable(policy);
    }

    /** Everything that was found: errors, warnings and notes, by where they stand. */
    public List<Diagnostic> diagnostics() {
        return diagnostics;
    }

    /** The errors alone. */
    public List<Diagnostic> errors() {
        return with(Severity.ERROR);
    }

    /** The warnings alone. */
    public List<Diagnostic> warnings() {
        return with(Severity.WARNING);
    }

    /** Whether the document is a policy. */
    public boolean isValid() {
        return policy != null;
    }

    /**
     * The policy.
     *
     * @throws PolicyException if there are errors; its message lists them all
     */
    public Policy orThrow() {
        if (policy == null) {
            throw new PolicyException(diagnostics);
        }
        return policy;
    }

    private List<Diagnostic> with(Severity severity) {
        return diagnostics.stream()
                .filter(diagnostic -> diagnostic.severity() == severity)
                .toList();
    }

    @Override
    public String toString() {
        return "Reading[" + (policy == null ? "no policy" : "policy") + ", " + diagnostics + "]";
    }
}
