package dev.interlock.policy.naive;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import java.math.BigDecimal;
import java.util.List;

/**
 * What a call is charged to.
 *
 * @param key what is counted together
 * @param cap how
 * @param amount how much the call counts
 * @param mode when it is given back
 * @param rule what is reported if there is no room
 * @param audited whether that is only recorded
 */
record CountedAs(List<Object> key, Cap cap, BigDecimal amount, ChargeMode mode, String rule, boolean audited) {

    boolean isCountable() {
        return amount.compareTo(Amount.MAX.toBigDecimal()) <= 0;
    }
}
