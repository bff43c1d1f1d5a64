package dev.interlock.policy.yaml;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the document as Intercept would: what it would have accepted and not enforced, because it skips keys that it
 * doesn't know. That is worth a note to somebody who moves a policy here, since calls that used to pass are now decided.
 */
final class InterceptView {

    private final Map<String, Ignored> ignored = new LinkedHashMap<>();
    private boolean refused;
    /** How many keys around the present one are ignored. */
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

    /** Intercept skips this key, or takes it for something else. */
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

    /** Intercept refuses the document for something that is fine here: nobody can have relied on it there. */
    void refuses() {
        refused |= skipping == 0;
    }

    /** Intercept doesn't see what {@code read} reads, and so neither ignores nor refuses anything in it. */
    <T extends @Nullable Object> T skipping(Supplier<T> read) {
        skipping++;
        try {
            return read.get();
        } finally {
            skipping--;
        }
    }

    /** One note for each thing that is ignored, at its first place. */
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
