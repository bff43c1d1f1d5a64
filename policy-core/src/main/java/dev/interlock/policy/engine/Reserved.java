package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a limiter has reserved for a call. Several admissions of the call may share it, so it is settled here once.
 * Thread-safe.
 */
final class Reserved {

    private final ToolCall call;
    private final List<Charge> charges;
    private final RateLimiter limiter;
    private final Reservation.Granted granted;
    private final EngineListener listener;
    private final AtomicBoolean settled = new AtomicBoolean();
    private volatile CallUsage usage = CallUsage.NONE;

    /**
     * @param call the call
     * @param charges what the call was charged to
     * @param granted the limiter's grant
     * @param listener is notified if the limiter throws
     */
    Reserved(
            ToolCall call,
            List<Charge> charges,
            RateLimiter limiter,
            Reservation.Granted granted,
            EngineListener listener) {
        this.call = call;
        this.charges = charges;
        this.limiter = limiter;
        this.granted = granted;
        this.listener = listener;
    }

    /** Takes what the call has used up. */
    void used(CallUsage told) {
        usage = told;
    }

    /** What the call has used up, as far as that was told. */
    CallUsage usage() {
        return usage;
    }

    List<Charge> charges() {
        return charges;
    }

    /** The same reservation for another owner; this one can't be settled any more. Null if it was settled before. */
    @Nullable
    Reserved handOver() {
        return settled.compareAndSet(false, true) ? new Reserved(call, charges, limiter, granted, listener) : null;
    }

    /**
     * Holds the places of the call, if it has any, until it is sent.
     *
     * @param wait how long that may still take
     */
    void hold(Duration wait) {
        if (charges.stream().noneMatch(charge -> charge.rule() instanceof LimitRule.Concurrent)) {
            return;
        }
        try {
            limiter.hold(granted, wait);
        } catch (Throwable e) {
            listener.failed(call, e);
        }
    }

    /**
     * Reports to the limiter how the call ended; only the first report counts. An exception from a host's own limiter
     * must not prevent the record of the end.
     */
    void settle(CallOutcome outcome) {
        if (!settled.compareAndSet(false, true)) {
            return;
        }
        try {
            limiter.settle(granted, outcome);
        } catch (Throwable e) {
            listener.failed(call, e);
        }
    }
}
