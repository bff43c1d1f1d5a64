package dev.interlock.policy.yaml;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the document as Intercept would, and collects what Intercept would have accepted and not enforced, because
 * it skips unknown keys. This is worth a note when a policy is migrated, because calls that used to pass are now
 * decided.
 */
final class InterceptView {

    private final Map<String, Ignored> ignored = new LinkedHashMap<>();
    private boolean refused;
    /** How many enclosing keys Intercept ignores. */
    private int skipping;

    private static final class Ignored {
        private final Node node;
        private final NodePath at;
        private int times = 1;

        Ignored(Node node, NodePath at) {
            this.node = node;
            this.at = at;
        }
    }

    /** Intercept skips this key, or reads it differently. */
    void ignores(String what, Node node, NodePath at) {
        if (skipping > 0) {
            return;
        }
        Ignored before = ignored.get(what);
        if (before == null) {
            ignored.put(what, new Ignored(node, at));
        } else {
            before.times++;
        }
    }

    /** Intercept refuses the document for something that is valid here, so it can't have been in use there. */
    void refuses() {
        refused |= skipping == 0;
    }

    /** Intercept doesn't see what {@code read} reads, so it neither ignores nor refuses anything in it. */
    <T extends @Nullable Object> T skipping(Supplier<T> read) {
        skipping++;
        try {
            return read.get();
        } finally {
            skipping--;
        }
    }

    /** Reports each ignored thing once, at its first position. */
    void report(DiagnosticCollector findings) {
        if (refused) {
            return;
        }
        ignored.forEach((what, first) -> findings.note(
                "intercept-ignores",
                first.node,
                first.at,
                "Intercept would have accepted this document without enforcing " + what + places(first.times - 1),
                "it is enforced here"));
    }

    private static String places(int more) {
        return more == 0 ? "" : " (here and in " + more + (more == 1 ? " more place)" : " more places)");
    }
}
