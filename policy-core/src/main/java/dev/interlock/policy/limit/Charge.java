package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;

/**
 * One limit that one call is charged to.
 *
 * @param key what is counted together
 * @param rule how it counts
 * @param amount how much this call counts
 * @param mode which calls count
 * @param caller the caller that the key is charged to, if the key is new
 */
public record Charge(LimitKey key, LimitRule rule, Amount amount, ChargeMode mode, Caller caller) {

    /** Refuses parts of a {@link LimitRule.Concurrent}'s places, and failures that aren't counted over a window. */
    public Charge {
        if (rule instanceof LimitRule.Concurrent && !amount.equals(Amount.ONE) && !amount.equals(Amount.ZERO)) {
            throw new IllegalArgumentException("a call takes one place, not " + amount);
        }
        if (mode == ChargeMode.FAILURES
                && !(rule instanceof LimitRule.FixedWindow)
                && !(rule instanceof LimitRule.SlidingWindow)) {
            throw new IllegalArgumentException("only windows count failures");
        }
    }

    /**
     * Returns how much room there must be. That is the amount, unless only failures count: then any room will do, since
     * what the call may count it counts later, also past the maximum.
     */
    public Amount asked() {
        return mode == ChargeMode.FAILURES ? Amount.LEAST : amount;
    }

    /** Creates a charge whose key is charged to its own subject, as if the subject were a session. */
    public Charge(LimitKey key, LimitRule rule, Amount amount, ChargeMode mode) {
        this(key, rule, amount, mode, Caller.of(null, key.subject()));
    }

    /** Names the limit. Omits the amount, which may be an argument. */
    @Override
    public String toString() {
        return "charge of " + key.limit();
    }
}
