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
 * @param partition the values of the call that it counts separately
 * @param of the call that it is read for, if another call makes that call; otherwise null
 */
record CounterReference(
        String name,
        LimitRule rule,
        Scope scope,
        PartitionReader partition,
        @Nullable ToolCall of) {

    CounterReference(String name, LimitRule rule, Scope scope, PartitionReader partition) {
        this(name, rule, scope, partition, null);
    }

    CounterReference of(ToolCall call) {
        return new CounterReference(name, rule, scope, partition, call);
    }

    /**
     * A charge of nothing, to query the limiter for the counter of this caller. If the call lacks a value that the
     * counter counts separately by, nothing is counted under its key.
     */
    Charge probe(ToolCall asked) {
        ToolCall call = of == null ? asked : of;
        LimitKey key = CompiledLimit.key(name, scope, partition, call);
        return new Charge(
                key == null ? new LimitKey(name, CompiledLimit.subject(scope, call)) : key,
                rule,
                Amount.ZERO,
                ChargeMode.SENT);
    }
}
