package dev.interlock.policy.naive;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Counter;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.RateLimit;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Spend;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what one entry charges one call to. */
final class NaiveCharges {

    private static final BigDecimal SMALLEST = BigDecimal.ONE.movePointLeft(Amount.PLACES);

    private final Scoped scoped;
    private final ToolCall call;
    private final List<CountedAs> list = new ArrayList<>();

    NaiveCharges(Scoped scoped, ToolCall call) {
        this.scoped = scoped;
        this.call = call;
    }

    List<CountedAs> list() {
        return list;
    }

    /** What a call counts, however much; null if the argument holds no amount. */
    static @Nullable BigDecimal amount(ToolCall call, @Nullable Path from, Amount otherwise) {
        if (from == null) {
            return otherwise.toBigDecimal();
        }
        Value value = NaiveConditions.walk(call.arguments().root(), from.steps());
        if (!(value instanceof NumberValue number)) {
            return null;
        }
        BigDecimal exact = number.toBigDecimal().stripTrailingZeros();
        return exact.signum() < 0 || exact.scale() > Amount.PLACES ? null : exact;
    }

    /** What is counted together under that counter's or rule's name. */
    static List<Object> key(Scoped scoped, ToolCall call, String name, Scope scope) {
        List<Object> key = new ArrayList<>(List.of(scoped.owner(), scoped.key(), name, scope));
        if (scope == Scope.SESSION || scope == Scope.IDENTITY || scope == Scope.TOOL) {
            key.add(call.tool());
        }
        if (scope == Scope.SESSION) {
            key.add(String.valueOf(call.session()));
        }
        if (scope == Scope.IDENTITY) {
            key.add(String.valueOf(call.identity()));
        }
        return key;
    }

    /** The scope of what can't be given one. */
    static Scope usualScope(Scoped scoped) {
        return scoped.isGlobal() ? Scope.GLOBAL : Scope.TOOL;
    }

    static Cap cap(Limit limit) {
        return new Cap(limit.algorithm(), limit.max().toBigDecimal(), limit.window());
    }

    /** Whether the call says how much it counts. */
    boolean add(Limit limit) {
        return add(
                limit.counter(),
                limit.scope(),
                cap(limit),
                amount(call, limit.incrementFrom(), Amount.ONE),
                limit.charge(),
                limit.counter(),
                false);
    }

    /** Whether the call says how much it counts, and whether there ever is room for a call. */
    boolean add(Rule rule, Rule.Demands demands, List<Condition> own) {
        boolean audited = rule.mode() == Mode.AUDIT;
        RateLimit rate = demands.rateLimit();
        if (rate != null) {
            Cap cap = new Cap(rate.algorithm(), BigDecimal.valueOf(rate.max()), rate.window());
            add("rate " + rule.label(), rate.scope(), cap, BigDecimal.ONE, rate.charge(), rule.label(), audited);
        }
        boolean met =
                own.stream().allMatch(condition -> largestThatHolds(condition).signum() >= 0);
        boolean said = true;
        Counter counter = demands.state();
        if (counter != null) {
            Cap cap = new Cap(Algorithm.FIXED_WINDOW, max(own), counter.window());
            BigDecimal amount = amount(call, counter.incrementFrom(), counter.increment());
            said = add(counter.name(), usualScope(scoped), cap, amount, counter.charge(), rule.label(), audited);
        }
        Spend spend = demands.spend();
        if (spend != null) {
            BigDecimal amount = amount(call, spend.from(), spend.perCall() == null ? Amount.ZERO : spend.perCall());
            said &= amount != null;
            spend.caps().forEach((unit, max) -> {
                Cap cap = new Cap(Algorithm.FIXED_WINDOW, max.toBigDecimal(), unit);
                String name = "spend " + rule.label() + unit;
                add(name, usualScope(scoped), cap, amount, spend.charge(), rule.label(), audited);
            });
        }
        return said && met;
    }

    private boolean add(
            String name,
            Scope scope,
            Cap cap,
            @Nullable BigDecimal amount,
            ChargeMode mode,
            String rule,
            boolean audited) {
        if (amount == null) {
            return false;
        }
        list.add(new CountedAs(key(scoped, call, name, scope), cap, amount, mode, rule, audited));
        return true;
    }

    private static @Nullable BigDecimal max(List<Condition> own) {
        return own.stream()
                .map(NaiveCharges::largestThatHolds)
                .min(BigDecimal::compareTo)
                .orElse(null);
    }

    private static BigDecimal largestThatHolds(Condition condition) {
        BigDecimal bound = ((NumberValue) condition.operand().value()).toBigDecimal();
        BigDecimal below = bound.setScale(Amount.PLACES, RoundingMode.FLOOR);
        return condition.operator() == Operator.LT && below.compareTo(bound) == 0 ? below.subtract(SMALLEST) : below;
    }
}
