package dev.interlock.policy.call;

import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a host knows when a call has ended of what it has used up: tokens, money. A policy counts it as
 * {@code usage.<key>}. What is not told, and what is no amount, is unknown; a limit then counts what it holds for such
 * a call.
 *
 * @param amounts the amounts by their names
 */
public record CallUsage(ObjectValue amounts) {

    /** Nothing is known. */
    public static final CallUsage NONE = new CallUsage(ObjectValue.EMPTY);

    /**
     * Returns what is told by these amounts: whole numbers or {@link java.math.BigDecimal}, since money is exact. Never
     * throws: if one of the values can't be read, none is known.
     *
     * @param amounts the amounts by their names, such as {@code tokens}
     */
    public static CallUsage of(Map<String, ? extends @Nullable Object> amounts) {
        try {
            return Value.freeze(amounts) instanceof ObjectValue read ? new CallUsage(read) : NONE;
        } catch (InvalidValueException e) {
            return NONE;
        }
    }

    /** Returns whether nothing is known. */
    public boolean isEmpty() {
        return amounts.size() == 0;
    }
}
