package dev.interlock.policy.review;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Severity;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;

/** Reviews what a policy reads of structured content against the tool's output schema. */
final class ResultReview {

    private final Findings findings;

    ResultReview(Findings findings) {
        this.findings = findings;
    }

    /** Reviews an entry that applies to the tool. A tool without an output schema may answer anything. */
    void review(Entry entry, OfferedTool tool) {
        ObjectValue schema = tool.definition().outputSchema();
        if (schema == null) {
            return;
        }
        for (ResultRule rule : entry.afterwards().results()) {
            for (Block block : rule.blocks()) {
                for (Condition condition : block.conditions()) {
                    condition.reads().forEach(path -> review(path, condition.place(), schema, tool));
                }
            }
        }
        for (Mark mark : entry.afterwards().marks()) {
            if (mark.value() != null) {
                review(mark.value(), mark.place(), schema, tool);
            }
        }
    }

    private void review(Path path, Place place, ObjectValue schema, OfferedTool tool) {
        if (path.root() != Path.Root.RESULT
                || !path.member(0).equals("structured")
                || path.steps().size() < 2) {
            return;
        }
        PathDomain where = PathDomain.ofStructured(path, schema);
        String step = where.unknown();
        if (step == null) {
            return;
        }
        String hint = Suggestion.hint(step, where.names());
        String has = where.names().isEmpty() ? "it has nothing there" : ConditionReview.has(where);
        findings.add(
                Severity.WARNING,
                Problem.UNKNOWN_RESULT,
                place,
                VisibleText.brief(path.text()) + ": the tool's output schema has no " + VisibleText.quoted(step),
                hint == null ? has : hint,
                tool.name());
    }
}
