package dev.interlock.policy.yaml;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Severity;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The result of reading a document: the policy, unless there are errors, and all diagnostics in the document's order.
 */
public final class ReadResult {

    private final @Nullable Policy policy;
    private final List<Diagnostic> diagnostics;

    ReadResult(@Nullable Policy policy, List<Diagnostic> diagnostics) {
        this.policy = policy;
        this.diagnostics = List.copyOf(diagnostics);
    }

    /** The policy; empty if there are errors. */
    public Optional<Policy> policy() {
        return Optional.ofNullable(policy);
    }

    /** Everything that was found: errors, warnings and notes, by position. */
    public List<Diagnostic> diagnostics() {
        return diagnostics;
    }

    /** Only the errors. */
    public List<Diagnostic> errors() {
        return with(Severity.ERROR);
    }

    /** Only the warnings. */
    public List<Diagnostic> warnings() {
        return with(Severity.WARNING);
    }

    /** Whether the document is a valid policy. */
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
        return "ReadResult[" + (policy == null ? "no policy" : "policy") + ", " + diagnostics + "]";
    }
}
