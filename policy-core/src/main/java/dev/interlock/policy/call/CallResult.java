package dev.interlock.policy.call;

import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was answered to a call or another request: a result, or an error. Everything in it is plain JSON: maps whose
 * keys are texts, lists, texts, numbers, booleans and null. Nothing changes it after it was created.
 *
 * @param result the result; null if there is none
 * @param error the error; null if there is none. A reader may follow the result or the error if there are both
 */
public record CallResult(@Nullable Object result, @Nullable ProtocolError error) {

    /**
     * A JSON-RPC error.
     *
     * @param code its code: a number by the specification, but a peer may send anything
     * @param message its message; null if it has none
     * @param data its data; null if it has none
     */
    public record ProtocolError(
            @Nullable Object code,
            @Nullable String message,
            @Nullable Object data) {

        /** Shows the code and nothing of what was said. */
        @Override
        public String toString() {
            return "error " + (code instanceof Integer || code instanceof BigDecimal ? code : "?");
        }
    }

    /** Creates an answer that is a result. */
    public static CallResult of(@Nullable Object result) {
        return new CallResult(result, null);
    }

    /** Creates an answer that is an error. */
    public static CallResult failed(@Nullable Object code, @Nullable String message, @Nullable Object data) {
        return new CallResult(null, new ProtocolError(code, message, data));
    }

    /** Returns how a call has ended that was answered so. */
    public CallOutcome outcome() {
        return error != null ? CallOutcome.FAILED : CallOutcome.ofResult(result);
    }

    /** Returns whether the answer says that something failed: with an error, or with {@code isError}. */
    public boolean isError() {
        return outcome() != CallOutcome.SUCCEEDED;
    }

    /** Returns the members of the result; empty if it is no map. */
    public Map<?, ?> members() {
        return result instanceof Map<?, ?> map ? map : Map.of();
    }

    /** Reveals nothing of what was said. */
    @Override
    public String toString() {
        return error == null ? "a result" : error.toString();
    }
}
