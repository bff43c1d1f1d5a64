package dev.interlock.policy.yaml;

import dev.interlock.policy.Place;
import dev.interlock.policy.text.Regex;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** State that the readers of one document share. */
final class ReadContext {

    final DiagnosticCollector findings;
    final Scalars scalars;
    final InterceptView intercept = new InterceptView();
    final MarkNames marks = new MarkNames();

    /** The keys of {@code ctx} that the document says the host provides; null if it doesn't say. */
    @Nullable
    List<String> given;

    /**
     * Whether the entry of a method is being read, whose paths begin with {@code params}, {@code call} or {@code ctx}.
     */
    boolean ofMethod;

    /** Whether conditions are being read that may also read what came back. */
    boolean ofResult;

    private final List<Counters> counters = new ArrayList<>();
    private int patternsWeight;

    ReadContext(DiagnosticCollector findings) {
        this.findings = findings;
        this.scalars = new Scalars(findings);
    }

    /**
     * The counters of one more body.
     *
     * @param outer those of the enclosing body, which its conditions may read too; null if they may not
     */
    Counters counters(@Nullable Counters outer) {
        Counters made = new Counters(outer);
        counters.add(made);
        return made;
    }

    /** Reports every condition that reads a counter or a mark that is not defined, and marks that don't fit. */
    void checkReferences() {
        counters.forEach(each -> each.check(findings));
        marks.check(findings);
    }

    /** Whether there is no room for another pattern. */
    boolean hasTooManyPatterns() {
        return patternsWeight > Bounds.MAX_PATTERNS_WEIGHT;
    }

    /** Counts a pattern; false if there is no room for it. */
    boolean addPattern(String pattern) {
        patternsWeight += Regex.weight(pattern);
        return !hasTooManyPatterns();
    }

    /** The position of a node. */
    static Place place(Node node, NodePath at) {
        return new Place(at.toString(), node.line(), node.column());
    }
}
