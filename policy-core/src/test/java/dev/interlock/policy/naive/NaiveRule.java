package dev.interlock.policy.naive;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Rule.Demands;
import dev.interlock.policy.Validation;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rule, looked at for one call. */
final class NaiveRule {

    private final Scoped scoped;
    private final TimedCall timed;
    private final World world;
    private final List<CountedAs> charges = new ArrayList<>();
    private boolean denies;
    private boolean asks;

    NaiveRule(Rule rule, Scoped scoped, TimedCall timed, World world, NaiveConditions conditions) {
        this.scoped = scoped;
        this.timed = timed;
        this.world = world;
        if (rule instanceof Rule.Deny) {
            denies = true;
        } else if (rule instanceof Rule.Check check) {
            List<Condition> own = ownLimits(check.demands());
            List<Condition> others = check.demands().conditions().stream()
                    .filter(condition -> !own.contains(condition))
                    .toList();
            satisfy(rule, check.demands(), own);
            denies |= conditions.all(others) != Outcome.TRUE;
        } else if (rule instanceof Rule.Approval approval) {
            asks = conditions.all(approval.demands().conditions()) != Outcome.FALSE;
            if (asks) {
                satisfy(rule, approval.demands(), List.of());
            }
        }
    }

    boolean denies() {
        return denies;
    }

    boolean asks() {
        return asks;
    }

    List<CountedAs> charges() {
        return charges;
    }

    /** The conditions that are the limit of the rule's own counter, not a question about it. */
    private List<Condition> ownLimits(Demands demands) {
        Limit state = demands.limit(Limit.Form.STATE);
        return demands.conditions().stream()
                .filter(condition -> state != null
                        && isOwnCounter(condition.path(), state.label())
                        && (condition.operator() == Operator.LT || condition.operator() == Operator.LTE))
                .toList();
    }

    private boolean isOwnCounter(Path path, String counter) {
        return path.root() == Path.Root.STATE
                && path.member(0).equals(scoped.counters())
                && path.member(1).equals(counter);
    }

    /** The demands but for their conditions. */
    private void satisfy(Rule rule, Demands demands, List<Condition> own) {
        NaiveCharges limits = new NaiveCharges(scoped, timed.call());
        denies = !limits.add(rule, demands, own) || isTooMuch(demands) || !validates(demands.validation());
        charges.addAll(limits.list());
    }

    private boolean isTooMuch(Demands demands) {
        return demands.limits().stream()
                .filter(limit -> limit.window() == null && limit.incrementFrom() != null)
                .anyMatch(limit -> {
                    BigDecimal amount = NaiveCharges.amount(timed.call(), limit.incrementFrom(), Amount.ONE);
                    return amount == null || amount.compareTo(limit.max().toBigDecimal()) > 0;
                });
    }

    private boolean validates(@Nullable Validation validation) {
        if (validation == null) {
            return true;
        }
        ObjectValue arguments = timed.call().arguments().root();
        ToolDefinition definition = world.definitions().get(timed.call().tool());
        ObjectValue schema = definition == null ? null : definition.inputSchema();
        boolean needsSchema = validation.schemaRequired() || validation.schema() || validation.noUnknown();
        if (needsSchema && schema == null) {
            return false;
        }
        return hasAll(arguments, validation.required(), List.of())
                && (!validation.schemaRequired() || hasAll(arguments, schema.texts("required"), properties(schema)))
                && (!validation.schema() || NaiveSchema.isClear(schema, arguments))
                && (!validation.schema()
                        || world.validator().problem(schema, arguments).isEmpty())
                && (!validation.noUnknown() || properties(schema).containsAll(arguments.names()))
                && (validation.maxBytes().isEmpty()
                        || arguments.json().getBytes(StandardCharsets.UTF_8).length
                                <= validation.maxBytes().getAsInt())
                && (validation.maxDepth().isEmpty()
                        || depth(arguments) <= validation.maxDepth().getAsInt());
    }

    private static boolean hasAll(ObjectValue arguments, List<String> names, List<String> declared) {
        return names.stream()
                .allMatch(name -> NaiveNames.isClear(others(arguments, name, declared), name)
                        && arguments.get(name) != null
                        && arguments.get(name) != Value.Nil.NULL);
    }

    /** The arguments but those that the tool's schema declares beside the one of that name. */
    private static ObjectValue others(ObjectValue arguments, String name, List<String> declared) {
        Map<String, Value> others = new HashMap<>(arguments.members());
        if (declared.contains(name)) {
            others.keySet().removeAll(declared);
        }
        return ObjectValue.of(others);
    }

    private static List<String> properties(ObjectValue schema) {
        return schema.get("properties") instanceof ObjectValue object ? List.copyOf(object.names()) : List.of();
    }

    private static int depth(Value value) {
        if (value instanceof Value.Array list) {
            return 1 + list.items().stream().mapToInt(NaiveRule::depth).max().orElse(0);
        }
        if (value instanceof ObjectValue object) {
            return 1
                    + object.members().values().stream()
                            .mapToInt(NaiveRule::depth)
                            .max()
                            .orElse(0);
        }
        return 0;
    }
}
