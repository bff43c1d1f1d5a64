package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Scope;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import org.jspecify.annotations.Nullable;

/**
 * A counter that a condition reads.
 *
 * @param name the first part of its key
 * @param rule how it counts
 * @param scope whose count it is
 * @param of the call that it is read for, if another call makes that call; otherwise null
 */
record CounterReference(
        String name, LimitRule rule, Scope scope, @Nullable ToolCall of) {

    CounterReference(String name, LimitRule rule, Scope scope) {
        this(name, rule, scope, null);
    }

    CounterReference of(ToolCall call) {
        return new CounterReference(name, rule, scope, call);
    }

    /** A charge of nothing, to query the limiter for the counter of this caller. */
    Charge probe(ToolCall asked) {
        ToolCall call = of == null ? asked : of;
        return new Charge(new LimitKey(name, CompiledLimit.subject(scope, call)), rule, Amount.ZERO, ChargeMode.SENT);
    }
}
