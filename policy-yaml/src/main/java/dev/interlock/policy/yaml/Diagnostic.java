package dev.interlock.policy.yaml;

import dev.interlock.policy.Severity;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A problem in a document, or something worth knowing about it.
 *
 * @param severity how serious it is
 * @param code the kind of problem, for programs: {@code unknown-key}, {@code wrong-type}, … A code keeps its meaning
 *     from release to release; messages don't
 * @param message what is wrong, on one line, without control characters
 * @param hint how to fix it, or null
 * @param source the name of the document: a file's path, or the name that the reader was given
 * @param line the line, from 1
 * @param column the column in Unicode characters, from 1
 * @param path the path of the node in the document, such as {@code tools.create_charge.rules[1].state.window}; empty
 *     for the document as a whole
 */
public record Diagnostic(
        Severity severity,
        String code,
        String message,
        @Nullable String hint,
        String source,
        int line,
        int column,
        String path) {

    /** Everything but the hint is required. */
    public Diagnostic {
        Objects.requireNonNull(severity);
        Objects.requireNonNull(code);
        Objects.requireNonNull(message);
        Objects.requireNonNull(source);
        Objects.requireNonNull(path);
    }

    /** Whether it prevents the document from being a policy. */
    public boolean isError() {
        return severity == Severity.ERROR;
    }

    /**
     * The line that people and editors read: {@code file:line:column: error code: message, hint [path]}.
     */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        out.append(source).append(':').append(line).append(':').append(column).append(": ");
        out.append(severity.text()).append(' ').append(code).append(": ").append(message);
        if (hint != null) {
            out.append(hint.startsWith("did you mean") ? ", " : "; ").append(hint);
        }
        if (!path.isEmpty()) {
            out.append(" [").append(path).append(']');
        }
        return out.toString();
    }
}
