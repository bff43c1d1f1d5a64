package dev.interlock.policy.yaml;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The limits of one entry that count separately by an argument. The caller chooses the argument, and has as many
 * budgets as it can invent values, unless a limit beside these counts all of them together.
 */
final class UnboundedKeys {

    private final List<Found> found = new ArrayList<>();
    private boolean bounded;

    private record Found(PartitionKey key, Node node, NodePath at) {}

    /**
     * Adds the limits of a rule or of an item of {@code limits}.
     *
     * @param conditions the rule's conditions, one of which may be the limit of its counter
     * @param node where they stand
     */
    void add(List<Limit> limits, List<Condition> conditions, Node node, NodePath at) {
        for (Limit limit : limits) {
            if (limit.perCall() != null || !isLimit(limit, conditions)) {
                continue;
            }
            bounded |= limit.per().isEmpty() && limit.charge() != ChargeMode.FAILURES;
            limit.per().stream()
                    .filter(key -> key.path() != null && key.isCallers())
                    .filter(key -> found.stream().noneMatch(before -> before.at.equals(at)))
                    .findFirst()
                    .ifPresent(key -> found.add(new Found(key, node, at)));
        }
    }

    /** A counter without a condition on it limits nothing. */
    private static boolean isLimit(Limit limit, List<Condition> conditions) {
        return limit.max() != null
                || conditions.stream()
                        .map(Condition::path)
                        .anyMatch(path ->
                                path.root() == Path.Root.STATE && path.member(1).equals(limit.counter()));
    }

    void report(DiagnosticCollector findings) {
        if (bounded) {
            return;
        }
        for (Found each : found) {
            findings.warn(
                    "per-unbounded",
                    each.node,
                    each.at,
                    "a caller that invents values of " + Display.quoted(each.key.text())
                            + " has a budget for each, since no limit here counts them together",
                    "add a limit without 'per' beside it");
        }
    }
}
