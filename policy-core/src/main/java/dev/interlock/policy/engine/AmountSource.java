package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Path;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.NumberValue;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** Where the amount that a call counts comes from: an argument, or a constant. */
interface AmountSource {

    /**
     * The amount, however large. Null if there is none: the argument is missing, ambiguous, not a number, negative, or
     * has too many decimal places.
     */
    @Nullable
    BigDecimal read(ToolCall call);

    /** The amount. Null if there is none or it is too large to be counted. */
    default @Nullable Amount amount(ToolCall call) {
        BigDecimal amount = read(call);
        return amount == null ? null : Amount.of(amount).orElse(null);
    }

    /** The amount if it is the same for every call; otherwise null. */
    default @Nullable Amount always() {
        return null;
    }

    static AmountSource constant(Amount amount) {
        return new AmountSource() {
            @Override
            public BigDecimal read(ToolCall call) {
                return amount.toBigDecimal();
            }

            @Override
            public Amount amount(ToolCall call) {
                return amount;
            }

            @Override
            public Amount always() {
                return amount;
            }
        };
    }

    static AmountSource argument(Path path) {
        PathReader reader = PathReader.argument(path);
        return call -> {
            if (!(reader.read(call, CounterSnapshot.NONE) instanceof NumberValue number)) {
                return null;
            }
            BigDecimal amount = number.toBigDecimal();
            boolean countable =
                    amount.signum() >= 0 && amount.stripTrailingZeros().scale() <= Amount.PLACES;
            return countable ? amount : null;
        };
    }
}
