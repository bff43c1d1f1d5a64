package dev.interlock.policy.engine;

import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that a server makes of its client inside an answer.
 *
 * @param method its method; empty if the request can't be read
 * @param params its parameters as plain maps, lists and scalars; null if there are none or they can't be read
 */
public record EmbeddedRequest(String method, @Nullable Object params) {

    /** The parameters, frozen. They are not known if they can't be read or are too large. */
    Arguments parameters() {
        if (!(params instanceof Map<?, ?> members)) {
            return Arguments.UNKNOWN;
        }
        try {
            @SuppressWarnings("unchecked") // Freezing checks the keys.
            Map<String, ?> named = (Map<String, ?>) members;
            return Arguments.freeze(named, ValueLimits.DEFAULT);
        } catch (RuntimeException e) {
            return Arguments.UNKNOWN;
        }
    }

    /** Names the method; never a parameter. */
    @Override
    public String toString() {
        return method;
    }
}
