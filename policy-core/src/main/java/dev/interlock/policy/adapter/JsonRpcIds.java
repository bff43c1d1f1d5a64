package dev.interlock.policy.adapter;

import java.math.BigDecimal;

/** Makes ids of JSON-RPC requests comparable. */
public final class JsonRpcIds {

    private JsonRpcIds() {}

    /**
     * Returns a key that is equal for equal ids. A JSON reader may turn a {@code Long} into an {@code Integer}, and
     * some read {@code 1.0}; all of them are the same id. A number that is not whole, or has more than 64 bits, equals
     * only itself.
     */
    public static Object key(Object id) {
        if (id instanceof Long || id instanceof Integer) {
            return ((Number) id).longValue();
        }
        if (id instanceof Number number) {
            try {
                return new BigDecimal(number.toString()).longValueExact();
            } catch (ArithmeticException | NumberFormatException e) {
                return id;
            }
        }
        return id;
    }
}
