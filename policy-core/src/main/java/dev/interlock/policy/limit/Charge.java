package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import org.jspecify.annotations.Nullable;

/**
 * One limit that one call is charged to.
 *
 * <p>The amount of a call may be known only when it has ended. Then {@code amount} is what is reserved for it until it
 * has, possibly nothing, and the real amount takes its place at the end, also past the maximum.
 *
 * @param key what is counted together
 * @param rule how it counts
 * @param amount how much this call counts, or what is reserved for it
 * @param mode which calls count
 * @param caller the caller that the key is charged to, if the key is new
 * @param otherwise what a call counts whose amount is still unknown at its end; null if {@code amount} is what it
 *     counts
 * @param unchecked whether it is counted even if there is no room, as for a limit that is only recorded
 */
public record Charge(
        LimitKey key,
        LimitRule rule,
        Amount amount,
        ChargeMode mode,
        Caller caller,
        @Nullable Amount otherwise,
        boolean unchecked) {

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
        if (otherwise != null
                && (mode == ChargeMode.FAILURES
                        || !(rule instanceof LimitRule.FixedWindow || rule instanceof LimitRule.SlidingWindow))) {
            throw new IllegalArgumentException(
                    "only windows count amounts that are known when a call has ended, and not only of failures");
        }
    }

    /** Creates a charge of a known amount, which is counted only if there is room. */
    public Charge(LimitKey key, LimitRule rule, Amount amount, ChargeMode mode, Caller caller) {
        this(key, rule, amount, mode, caller, null, false);
    }

    /** Returns the same charge, of an amount that is known only when the call has ended. */
    public Charge afterwards(Amount unknown) {
        return new Charge(key, rule, amount, mode, caller, unknown, unchecked);
    }

    /** Returns the same charge, counted even if there is no room. */
    public Charge withoutCheck() {
        return unchecked ? this : new Charge(key, rule, amount, mode, caller, otherwise, true);
    }

    /** Returns the same charge by another rule. */
    public Charge by(LimitRule other) {
        return new Charge(key, other, amount, mode, caller, otherwise, unchecked);
    }

    /** Returns whether the call's amount is known only when it has ended. */
    public boolean isAfterwards() {
        return otherwise != null;
    }

    /** Returns whether nothing is counted before the end of the call, though something may be then. */
    public boolean isOpenEnded() {
        return mode == ChargeMode.FAILURES || (otherwise != null && amount.micros() == 0);
    }

    /**
     * Returns how much room there must be. That is the amount, unless it is counted only when the call has ended: then
     * any room will do, since what the call may count it counts later, also past the maximum.
     */
    public Amount asked() {
        return isOpenEnded() ? Amount.LEAST : amount;
    }

    /**
     * Returns what the call counts in the end.
     *
     * @param outcome how it has ended
     * @param spent its real amount; null if that is unknown
     */
    public Amount counted(CallOutcome outcome, @Nullable Amount spent) {
        boolean failures = mode == ChargeMode.FAILURES;
        if (outcome.changes(mode)) {
            return failures ? amount : Amount.ZERO;
        }
        if (failures) {
            return Amount.ZERO;
        }
        // A call that has failed used up nothing that is known. What was held for it is kept if that is charged.
        return otherwise == null || outcome == CallOutcome.FAILED ? amount : spent == null ? otherwise : spent;
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
