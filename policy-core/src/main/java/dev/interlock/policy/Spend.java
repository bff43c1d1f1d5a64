package dev.interlock.policy;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A budget: {@code spend} in a rule.
 *
 * @param perCall the most that one call may cost, or null
 * @param caps the most that may be spent in each calendar unit, in the order they were written
 * @param from the argument that holds what a call costs; null if each call costs {@code perCall}
 * @param charge when an amount is given back
 */
public record Spend(
        @Nullable Amount perCall,
        Map<Window.Calendar, Amount> caps,
        @Nullable Path from,
        ChargeMode charge) {

    /** Copies the caps. Refuses a budget that limits nothing or doesn't say what a call costs. */
    public Spend {
        caps = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(caps));
        Counter.requireArgument(from);
        if (perCall == null && from == null) {
            throw new IllegalArgumentException("a budget needs 'from' (where a call's cost is) or 'per_call'");
        }
        if (perCall == null && caps.isEmpty()) {
            throw new IllegalArgumentException("a budget needs at least one cap");
        }
        if (caps.containsKey(Window.Calendar.MINUTE)) {
            throw new IllegalArgumentException("a budget is hourly, daily, weekly or monthly");
        }
    }

    /** Equal only if the caps stand in the same order, because they are reported in that order. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Spend spend
                && Objects.equals(perCall, spend.perCall)
                && PolicyBody.inOrder(caps).equals(PolicyBody.inOrder(spend.caps))
                && Objects.equals(from, spend.from)
                && charge == spend.charge;
    }

    @Override
    public int hashCode() {
        return Objects.hash(perCall, caps, from, charge);
    }
}
