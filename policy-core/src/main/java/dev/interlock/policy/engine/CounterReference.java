package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Scope;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;

/**
 * A counter that a condition reads.
 *
 * @param name the first part of its key
 * @param rule how it counts
 * @param scope whose count it is
 */
record CounterReference(String name, LimitRule rule, Scope scope) {

    /** A charge of nothing, to query the limiter for the counter of this caller. */
    Charge probe(ToolCall call) {
        return new Charge(new LimitKey(name, CompiledLimit.subject(scope, call)), rule, Amount.ZERO, ChargeMode.SENT);
    }
}
