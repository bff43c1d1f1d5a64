package dev.interlock.policy.naive;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Limit.Form;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
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

    /** What is counted together under that counter's or rule's name; null if the call lacks a value of {@code per}. */
    static @Nullable List<Object> key(Scoped scoped, ToolCall call, String name, Limit limit) {
        List<Object> values = NaivePartition.values(call, limit.per());
        if (values == null) {
            return null;
        }
        List<Object> key = key(scoped, call, name, limit.scope());
        key.add(limit.per());
        key.addAll(values);
        return key;
    }

    private static List<Object> key(Scoped scoped, ToolCall call, String name, Scope scope) {
        List<Object> key = new ArrayList<>(List.of(scoped.owner(), scoped.key(), name, scope));
        if (scope == Scope.SESSION || scope == Scope.IDENTITY || scope == Scope.TOOL) {
            key.add(call.tool());
            if (scoped.owner().contains(" server ")) {
                key.add("on " + call.server());
            }
        }
        if (scope == Scope.SESSION) {
            key.add(String.valueOf(call.session()));
        }
        if (scope == Scope.IDENTITY) {
            key.add(String.valueOf(call.identity()));
        }
        return key;
    }

    static Cap cap(Limit limit) {
        return new Cap(
                limit.algorithm(),
                limit.max() == null ? null : limit.max().toBigDecimal(),
                limit.window(),
                limit.lease());
    }

    /** Whether the call says how much it counts. */
    boolean add(Limit limit) {
        return add(
                limit.counter(),
                limit,
                cap(limit),
                amount(call, limit.incrementFrom(), Amount.ONE),
                limit.charge(),
                limit.counter(),
                false);
    }

    /** Whether the call says how much it counts, and whether there ever is room for a call. */
    boolean add(Rule rule, Rule.Demands demands, List<Condition> own) {
        boolean audited = rule.mode() == Mode.AUDIT;
        boolean met =
                own.stream().allMatch(condition -> largestThatHolds(condition).signum() >= 0);
        boolean said = true;
        for (Limit limit : demands.limits()) {
            BigDecimal amount = amount(call, limit.incrementFrom(), limit.increment());
            said &= amount != null;
            said &= NaivePartition.values(call, limit.per()) != null;
            if (limit.perCall() == null) {
                Cap cap = limit.form() == Form.STATE
                        ? new Cap(Algorithm.FIXED_WINDOW, max(own), limit.window())
                        : cap(limit);
                add(name(limit, rule), limit, cap, amount, limit.charge(), rule.label(), audited);
            }
        }
        return said && met;
    }

    private static String name(Limit limit, Rule rule) {
        return switch (limit.form()) {
            case STATE, LIMITS -> limit.label();
            case RATE_LIMIT -> "rate " + rule.label();
            case CONCURRENT -> "concurrent " + rule.label();
            case SPEND -> "spend " + rule.label() + limit.window();
        };
    }

    private boolean add(
            String name,
            Limit limit,
            Cap cap,
            @Nullable BigDecimal amount,
            ChargeMode mode,
            String rule,
            boolean audited) {
        List<Object> key = key(scoped, call, name, limit);
        if (amount == null || key == null) {
            return false;
        }
        list.add(new CountedAs(key, cap, amount, mode, rule, audited));
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
