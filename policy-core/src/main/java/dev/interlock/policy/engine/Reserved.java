package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.util.List;

/**
 * What a limiter has reserved for a call.
 *
 * @param call the call
 * @param charges what the call was charged to
 * @param granted the limiter's grant
 * @param listener is notified if the limiter throws
 */
record Reserved(
        ToolCall call,
        List<Charge> charges,
        RateLimiter limiter,
        Reservation.Granted granted,
        EngineListener listener) {

    /**
     * Reports to the limiter how the call ended. An exception from a host's own limiter must not prevent the record of
     * the end.
     */
    void settle(CallOutcome outcome) {
        try {
            limiter.settle(granted, outcome);
        } catch (Throwable e) {
            listener.failed(call, e);
        }
    }
}
