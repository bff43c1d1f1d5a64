package dev.interlock.policy;

import java.util.List;
import java.util.function.UnaryOperator;

/** Changes every condition of an entry, and nothing else. */
final class ConditionEdits {

    private ConditionEdits() {}

    static Entry mapped(Entry entry, UnaryOperator<Condition> change) {
        return new Entry(
                entry.hide(),
                blocks(entry.require(), change),
                blocks(entry.denyIf(), change),
                blocks(entry.askIf(), change),
                entry.rules().stream().map(rule -> rule(rule, change)).toList(),
                entry.limits(),
                entry.rounds(),
                entry.unwrap(),
                entry.afterwards(),
                entry.place());
    }

    private static List<Block> blocks(List<Block> blocks, UnaryOperator<Condition> change) {
        return blocks.stream()
                .map(block ->
                        new Block(block.conditions().stream().map(change).toList(), block.message(), block.place()))
                .toList();
    }

    private static Rule rule(Rule rule, UnaryOperator<Condition> change) {
        if (rule instanceof Rule.Check check) {
            return new Rule.Check(
                    check.name(), demands(check.demands(), change), check.message(), check.mode(), check.place());
        }
        if (rule instanceof Rule.Approval ask) {
            return new Rule.Approval(
                    ask.name(), demands(ask.demands(), change), ask.timeout(), ask.message(), ask.mode(), ask.place());
        }
        return rule;
    }

    private static Rule.Demands demands(Rule.Demands demands, UnaryOperator<Condition> change) {
        return new Rule.Demands(
                demands.conditions().stream().map(change).toList(), demands.limits(), demands.validation());
    }
}
