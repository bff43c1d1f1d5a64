package dev.interlock.policy.mcp;

import java.math.BigDecimal;

/** Ids of requests, to be compared. */
final class JsonRpcIds {

    private JsonRpcIds() {}

    /**
     * A reader of JSON answers a {@code Long} with an {@code Integer}, and some read {@code 1.0}; all are the same id. A
     * number that is not whole, or has more than 64 bits, is only the same as itself.
     */
    static Object key(Object id) {
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
