package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Path;
import dev.interlock.policy.value.NumberValue;
import org.jspecify.annotations.Nullable;

/** Where the amount that a call counts comes from: an argument, or the same for every call. */
interface AmountSource {

    /** The amount, or null if there is none that can be counted: missing, no number, negative, out of range. */
    @Nullable
    Amount of(ToolCall call);

    static AmountSource constant(Amount amount) {
        return call -> amount;
    }

    static AmountSource argument(Path path) {
        PathReader reader = PathReader.argument(path);
        return call -> reader.read(call, CounterValues.NONE) instanceof NumberValue number
                ? Amount.of(number.toBigDecimal()).orElse(null)
                : null;
    }
}
