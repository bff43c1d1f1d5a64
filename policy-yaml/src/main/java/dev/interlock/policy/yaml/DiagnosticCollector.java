package dev.interlock.policy.yaml;

import dev.interlock.policy.Severity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects what is found while a document is read. Counts everything and keeps the first {@value #MOST}, so that a
 * document with a million mistakes is refused in bounded memory.
 */
final class DiagnosticCollector {

    static final int MOST = 1_000;

    private static final int LONGEST = 600;

    private final String source;
    private final List<Diagnostic> kept = new ArrayList<>();
    private boolean failed;
    private int dropped;

    DiagnosticCollector(String source) {
        this.source = source;
    }

    void error(String code, Node node, NodePath at, String message) {
        error(code, node, at, message, null);
    }

    void error(String code, Node node, NodePath at, String message, @Nullable String hint) {
        add(Severity.ERROR, code, node.line(), node.column(), at, message, hint);
    }

    void error(String code, int line, int column, String message, @Nullable String hint) {
        error(code, line, column, NodePath.ROOT, message, hint);
    }

    void error(String code, int line, int column, NodePath at, String message, @Nullable String hint) {
        add(Severity.ERROR, code, line, column, at, message, hint);
    }

    void warn(String code, Node node, NodePath at, String message, @Nullable String hint) {
        add(Severity.WARNING, code, node.line(), node.column(), at, message, hint);
    }

    void warn(String code, int line, int column, NodePath at, String message, @Nullable String hint) {
        add(Severity.WARNING, code, line, column, at, message, hint);
    }

    void note(String code, Node node, NodePath at, String message, @Nullable String hint) {
        add(Severity.NOTE, code, node.line(), node.column(), at, message, hint);
    }

    /** Whether an error was reported. */
    boolean failed() {
        return failed;
    }

    /** Whether anything further is only counted. */
    boolean isFull() {
        return kept.size() >= MOST;
    }

    /** Counts an error that won't be kept, without composing its message. */
    void countError() {
        failed = true;
        dropped++;
    }

    /** The collected diagnostics, in the document's order. */
    List<Diagnostic> all() {
        if (kept.isEmpty()) {
            return List.of();
        }
        List<Diagnostic> sorted = new ArrayList<>(kept);
        sorted.sort(Comparator.comparingInt(Diagnostic::line).thenComparingInt(Diagnostic::column));
        if (dropped > 0) {
            Diagnostic last = sorted.get(sorted.size() - 1);
            sorted.add(new Diagnostic(
                    failed ? Severity.ERROR : Severity.WARNING,
                    "too-many-problems",
                    dropped + " more problems are not shown",
                    "mend these first",
                    source,
                    last.line(),
                    last.column(),
                    ""));
        }
        return sorted;
    }

    private void add(
            Severity severity, String code, int line, int column, NodePath at, String message, @Nullable String hint) {
        failed |= severity == Severity.ERROR;
        if (kept.size() >= MOST) {
            dropped++;
            return;
        }
        kept.add(new Diagnostic(
                severity,
                code,
                Display.clean(message, LONGEST),
                hint == null ? null : Display.clean(hint, LONGEST),
                source,
                line,
                column,
                Display.clean(at.toString(), LONGEST)));
    }
}
