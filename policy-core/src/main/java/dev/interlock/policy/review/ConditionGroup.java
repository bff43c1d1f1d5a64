package dev.interlock.policy.review;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Conditions that hold together, and their effect.
 *
 * @param use their effect
 * @param conditions the conditions, without the limits of a rule's own counter
 * @param place where they stand
 * @param enforced whether the rule that they belong to is enforced
 */
record ConditionGroup(Use use, List<Condition> conditions, Place place, boolean enforced) {

    /** The effects of conditions. */
    enum Use {
        /** The call is denied unless they hold. */
        REQUIRE,
        /** The call is denied if they hold. */
        DENY_IF,
        /** A person is asked if they hold. */
        ASK
    }

    /** A path as it is read, however it is spelled. */
    private record ConditionKey(Path.Root root, List<Path.Step> steps) {}

    static List<ConditionGroup> of(Selected selected, boolean policyEnforced) {
        Entry entry = selected.entry();
        List<ConditionGroup> clauses = new ArrayList<>();
        for (Block block : entry.require()) {
            clauses.add(new ConditionGroup(Use.REQUIRE, block.conditions(), block.place(), policyEnforced));
        }
        for (Block block : entry.denyIf()) {
            clauses.add(new ConditionGroup(Use.DENY_IF, block.conditions(), block.place(), policyEnforced));
        }
        for (Block block : entry.askIf()) {
            clauses.add(new ConditionGroup(Use.ASK, block.conditions(), block.place(), policyEnforced));
        }
        for (Rule rule : entry.rules()) {
            boolean enforced = policyEnforced && rule.mode() == Mode.ENFORCE;
            if (rule instanceof Rule.Check check) {
                Rule.Demands demands = check.demands();
                List<Condition> plain = demands.conditions().stream()
                        .filter(condition -> !selected.limitsOwnCounter(condition, demands))
                        .toList();
                clauses.add(new ConditionGroup(Use.REQUIRE, plain, rule.place(), enforced));
            } else if (rule instanceof Rule.Approval approval) {
                clauses.add(new ConditionGroup(Use.ASK, approval.demands().conditions(), rule.place(), enforced));
            }
        }
        return clauses;
    }

    /** The conditions that the policy alone decides. Others need a value of the call, or ask the host. */
    static List<Condition> known(List<Condition> conditions) {
        return conditions.stream()
                .filter(condition -> condition.operand().isFixed())
                .toList();
    }

    /** The conditions on each path. */
    static List<List<Condition>> byPath(List<Condition> conditions) {
        Map<ConditionKey, List<Condition>> groups = new LinkedHashMap<>();
        for (Condition condition : conditions) {
            groups.computeIfAbsent(
                            new ConditionKey(
                                    condition.path().root(), condition.path().steps()),
                            key -> new ArrayList<>())
                    .add(condition);
        }
        return List.copyOf(groups.values());
    }
}
