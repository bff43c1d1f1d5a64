package dev.interlock.policy.review;

import dev.interlock.policy.Condition;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Path;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Severity;
import dev.interlock.policy.Validation;
import dev.interlock.policy.engine.Comparison;
import dev.interlock.policy.review.ConditionGroup.Use;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a policy forbids, or asks a person about, but a server does by itself: a denial reads an argument, a call
 * may leave the argument out, and the tool's schema has a {@code default} for it for which the denial would hold.
 */
final class DefaultReview {

    private final Findings findings;

    DefaultReview(Findings findings) {
        this.findings = findings;
    }

    /** Reviews everything that applies to calls to a tool. */
    void review(CallScenario scenario, boolean enforced) {
        OfferedTool tool = scenario.tool();
        List<Selected> entries = scenario.entries();
        if (scenario.denial().isPresent() || deniesAll(entries, enforced)) {
            return;
        }
        List<ConditionGroup> clauses = entries.stream()
                .flatMap(selected -> ConditionGroup.of(selected, enforced).stream())
                .toList();
        for (ConditionGroup clause : clauses) {
            if (clause.use() == Use.DENY_IF || (clause.use() == Use.ASK && !asksAlways(clauses))) {
                for (List<Condition> group : ConditionGroup.byPath(clause.conditions())) {
                    review(clause, group, clauses, entries, tool, enforced);
                }
            }
        }
    }

    private void review(
            ConditionGroup clause,
            List<Condition> group,
            List<ConditionGroup> clauses,
            List<Selected> entries,
            OfferedTool tool,
            boolean enforced) {
        Path path = group.get(0).path();
        ObjectValue schema = tool.definition().inputSchema();
        if (path.root() != Path.Root.ARGS || schema == null) {
            return;
        }
        Value otherwise = new Schemas(schema).defaultAt(path);
        Condition passed = firstThatFails(group, null);
        if (otherwise == null
                || passed == null
                || ConditionGroup.known(group).size() < group.size()
                || !group.stream()
                        .allMatch(condition -> Comparison.of(condition).holds(otherwise))
                || isRequired(path, clauses, entries, enforced)) {
            return;
        }
        String calls = clause.conditions().size() == group.size() ? "every call without it" : "a call without it";
        findings.add(
                Severity.WARNING,
                Problem.FORBIDDEN_DEFAULT,
                passed.place(),
                ConditionReview.shown(passed)
                        + " doesn't hold if the argument is left out, but the tool's default for it is "
                        + VisibleText.brief(otherwise.json()) + ": " + calls + " does what this "
                        + (clause.use() == Use.DENY_IF ? "forbids" : "asks about, and no person is asked"),
                "require it: {path: " + VisibleText.brief(path.text()) + ", op: exists, value: true}",
                tool.name());
    }

    private static @Nullable Condition firstThatFails(List<Condition> group, @Nullable Value found) {
        return ConditionGroup.known(group).stream()
                .filter(condition -> Comparison.of(condition).fails(found))
                .findFirst()
                .orElse(null);
    }

    /** Whether a call without the argument is denied. */
    private static boolean isRequired(
            Path path, List<ConditionGroup> clauses, List<Selected> entries, boolean enforced) {
        for (ConditionGroup clause : clauses) {
            List<Condition> there = clause.conditions().stream()
                    .filter(condition -> condition.path().root() == path.root()
                            && condition.path().steps().equals(path.steps()))
                    .toList();
            if (!clause.enforced() || there.isEmpty()) {
                continue;
            }
            boolean denied = switch (clause.use()) {
                // What is known only in a call is invalid for a value that is missing.
                case REQUIRE ->
                    there.stream()
                            .anyMatch(condition ->
                                    ConditionGroup.known(List.of(condition)).isEmpty()
                                            || !Comparison.of(condition).holds(null));
                case DENY_IF -> there.size() == clause.conditions().size() && firstThatFails(there, null) == null;
                case ASK -> false;
            };
            if (denied) {
                return true;
            }
        }
        return path.steps().size() == 1 && enforced(entries, enforced).anyMatch(rule -> requires(rule, path.member(0)));
    }

    private static boolean requires(Rule rule, String argument) {
        Validation validation =
                rule instanceof Rule.Check check ? check.demands().validation() : null;
        return validation != null && validation.required().contains(argument);
    }

    private static boolean asksAlways(List<ConditionGroup> clauses) {
        return clauses.stream()
                .anyMatch(clause -> clause.use() == Use.ASK
                        && clause.enforced()
                        && clause.conditions().isEmpty());
    }

    private static boolean deniesAll(List<Selected> entries, boolean enforced) {
        return enforced(entries, enforced).anyMatch(Rule.Deny.class::isInstance);
    }

    private static Stream<Rule> enforced(List<Selected> entries, boolean enforced) {
        return entries.stream()
                .flatMap(selected -> selected.entry().rules().stream())
                .filter(rule -> enforced && rule.mode() == Mode.ENFORCE);
    }
}
