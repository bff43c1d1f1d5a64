package dev.interlock.policy.adapter;

import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds ids of JSON-RPC requests, and makes them comparable. */
public final class JsonRpcIds {

    private JsonRpcIds() {}

    /**
     * Returns the id of the request that a notification cancels; null if it cancels none.
     *
     * @param method the method of the notification
     * @param params its parameters
     */
    public static @Nullable Object cancelled(String method, @Nullable Object params) {
        return method.equals("notifications/cancelled") && params instanceof Map<?, ?> members
                ? members.get("requestId")
                : null;
    }

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
