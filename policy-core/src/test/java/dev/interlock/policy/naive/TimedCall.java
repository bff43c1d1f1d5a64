package dev.interlock.policy.naive;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;

/**
 * A call and its circumstances.
 *
 * @param call the call
 * @param millis when it is made, in milliseconds since 1970
 * @param outcome how it ends if it is made
 * @param ends when it ends, in milliseconds since 1970
 */
public record TimedCall(ToolCall call, long millis, CallOutcome outcome, long ends) {

    /** A call that ends at once. */
    public TimedCall(ToolCall call, long millis, CallOutcome outcome) {
        this(call, millis, outcome, millis);
    }
}
