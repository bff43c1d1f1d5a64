package dev.interlock.policy.yaml;

import dev.interlock.policy.Place;
import dev.interlock.policy.text.Regex;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the readers of one document share. */
final class ReadContext {

    final DiagnosticCollector findings;
    final Scalars scalars;
    final InterceptView intercept = new InterceptView();

    /** The keys of {@code ctx} that the document says the host gives; null if it doesn't say. */
    @Nullable
    List<String> given;

    private int patternsWeight;

    ReadContext(DiagnosticCollector findings) {
        this.findings = findings;
        this.scalars = new Scalars(findings);
    }

    /** Whether there is no room for a further pattern. */
    boolean hasTooManyPatterns() {
        return patternsWeight > Bounds.MAX_PATTERNS_WEIGHT;
    }

    /** Counts a pattern; false if it is the one for which there is no room. */
    boolean addPattern(String pattern) {
        patternsWeight += Regex.weight(pattern);
        return !hasTooManyPatterns();
    }

    /** The place of a node. */
    static Place place(Node node, NodePath at) {
        return new Place(at.toString(), node.line(), node.column());
    }
}
