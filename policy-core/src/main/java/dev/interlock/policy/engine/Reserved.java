package dev.interlock.policy.engine;

import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Settlement;
import java.util.List;

/**
 * What a limiter has reserved for a call.
 *
 * @param call the call
 * @param charges what it was charged to
 * @param granted the limiter's word for it
 * @param listener is told if the limiter throws
 */
record Reserved(
        ToolCall call,
        List<Charge> charges,
        RateLimiter limiter,
        Reservation.Granted granted,
        EngineListener listener) {

    /** Tells the limiter how the call ended. Whatever a host's own limiter throws must not keep that from being recorded. */
    void settle(Settlement outcome) {
        try {
            limiter.settle(granted, outcome);
        } catch (Throwable e) {
            listener.failed(call, e);
        }
    }
}
