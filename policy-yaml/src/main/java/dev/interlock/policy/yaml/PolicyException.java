package dev.interlock.policy.yaml;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown when a document isn't a valid policy. The message lists every error, one on each line. */
public final class PolicyException extends RuntimeException {

    private final transient List<Diagnostic> diagnostics;

    PolicyException(List<Diagnostic> diagnostics) {
        super(message(diagnostics));
        this.diagnostics = List.copyOf(diagnostics);
    }

    /** Everything that was found, errors and the rest, in the document's order. */
    public List<Diagnostic> diagnostics() {
        return diagnostics;
    }

    private static String message(List<Diagnostic> diagnostics) {
        return diagnostics.stream()
                .filter(Diagnostic::isError)
                .map(Diagnostic::toString)
                .collect(Collectors.joining("\n"));
    }
}
