package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Scope;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import org.jspecify.annotations.Nullable;

/**
 * A compiled limit that applies to a tool: all parts of a charge that don't depend on the call, and where to find the
 * rest.
 *
 * @param name the first part of the key; it contains the tool if the scope counts tools separately
 * @param rule how it counts
 * @param scope whose count it is
 * @param partition the values of the call that it counts separately
 * @param amount how much a call counts
 * @param mode when the amount is given back
 * @param denials creates the denial when there is no room
 * @param trigger the approval rule that the limit belongs to, so that it counts only calls that need approval; or null
 * @param later the amount, if it is known only when a call has ended; otherwise null
 * @param of the call that is charged, if another call makes that call; otherwise null
 */
record CompiledLimit(
        String name,
        LimitRule rule,
        Scope scope,
        PartitionReader partition,
        AmountSource amount,
        ChargeMode mode,
        DenialFactory denials,
        CallCheck.@Nullable ApprovalNeeded trigger,
        @Nullable LaterAmount later,
        @Nullable InnerCall of) {

    CompiledLimit(
            String name,
            LimitRule rule,
            Scope scope,
            PartitionReader partition,
            AmountSource amount,
            ChargeMode mode,
            DenialFactory denials,
            CallCheck.@Nullable ApprovalNeeded trigger,
            @Nullable LaterAmount later) {
        this(name, rule, scope, partition, amount, mode, denials, trigger, later, null);
    }

    /** The same limit of a call that another call makes. */
    CompiledLimit of(InnerCall inner) {
        return new CompiledLimit(name, rule, scope, partition, amount, mode, denials, trigger, later, inner);
    }

    boolean applies(ToolCall call, CounterSnapshot counters) {
        if (trigger == null) {
            return true;
        }
        return of == null ? trigger.asks(call, counters) : trigger.asks(of.call(), counters.from(of.firstCounter()));
    }

    /**
     * The charge for a call, or null if its amount is too large to be counted or the call lacks a value that the limit
     * counts separately by.
     */
    @Nullable
    Charge charge(ToolCall asked) {
        ToolCall call = of == null ? asked : of.call();
        Amount cost = amount.amount(call);
        LimitKey key = cost == null ? null : key(name, scope, partition, call);
        if (cost == null || key == null) {
            return null;
        }
        Charge charge = new Charge(key, rule, cost, mode, Caller.of(call.identity(), call.session()));
        return later == null ? charge : charge.afterwards(later.otherwise());
    }

    /** The limit, opened for calls that are charged to nothing else. Null if the limiter has no short way for these. */
    @Nullable
    LimitHandle open(RateLimiter limiter) {
        Amount always = amount.always();
        return trigger != null || always == null ? null : limiter.open(name, rule, always, mode);
    }

    /** The key for a call; null if it lacks a value that is counted separately by. */
    static @Nullable LimitKey key(String name, Scope scope, PartitionReader partition, ToolCall call) {
        String values = partition.values(call);
        return values == null ? null : new LimitKey(name, subject(scope, call), values);
    }

    /** Whether it is one of calls at the same time. */
    boolean isConcurrency() {
        return rule instanceof LimitRule.Concurrent;
    }

    /** The limit in words: {@code 10 per 60 s for each args.customer}. */
    String text() {
        String counted = mode == ChargeMode.FAILURES ? Messages.failures(rule) : Messages.of(rule);
        return partition.isEmpty() ? counted : counted + " for each " + partition.text();
    }

    static String subject(Scope scope, ToolCall call) {
        String subject = scope == Scope.SESSION ? call.session() : scope == Scope.IDENTITY ? call.identity() : null;
        // Callers that the host doesn't distinguish share one count: this is stricter, and the only safe choice.
        return subject == null ? "" : subject;
    }
}
