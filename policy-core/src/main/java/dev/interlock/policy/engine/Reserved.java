package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
    private volatile @Nullable CallUsage usage;

    /** The amounts that are known only when the call has ended, by charge; null if there are none. */
    private final @Nullable List<@Nullable LaterAmount> later;

    /** Null if the host has none. */
    private final @Nullable UsageMeter meter;

    /**
     * @param call the call
     * @param charges what the call was charged to
     * @param granted the limiter's grant
     * @param listener is notified if the limiter throws
     * @param later the amounts that are known only when the call has ended, by charge; null if there are none
     * @param meter tells what the call has used up, unless it is told; null if the host has no such thing
     */
    Reserved(
            ToolCall call,
            List<Charge> charges,
            RateLimiter limiter,
            Reservation.Granted granted,
            EngineListener listener,
            @Nullable List<@Nullable LaterAmount> later,
            @Nullable UsageMeter meter) {
        this.later = later;
        this.meter = meter;
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

    /** Whether it matters for what is counted what the answer to the call says. */
    boolean readsAnswer() {
        return later != null
                && later.stream().anyMatch(amount -> amount != null && (amount.isInAnswer() || meter != null));
    }

    List<Charge> charges() {
        return charges;
    }

    /** The same reservation for another owner; this one can't be settled any more. Null if it was settled before. */
    @Nullable
    Reserved handOver() {
        if (!settled.compareAndSet(false, true)) {
            return null;
        }
        Reserved taken = new Reserved(call, charges, limiter, granted, listener, later, meter);
        taken.usage = usage;
        return taken;
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
     *
     * @param came the answer to the call; null if there is none, or it is not known here
     */
    void settle(CallOutcome outcome, @Nullable CallResult came) {
        if (!settled.compareAndSet(false, true)) {
            return;
        }
        try {
            limiter.settle(granted, outcome, later == null ? List.of() : spent(later, came));
        } catch (Throwable e) {
            listener.failed(call, e);
        }
    }

    /** The real amounts, by charge; null for those that are unknown, and those that were known before. */
    private List<@Nullable Amount> spent(List<@Nullable LaterAmount> amounts, @Nullable CallResult came) {
        CallUsage used = used(came);
        List<@Nullable Amount> spent = new ArrayList<>(amounts.size());
        for (LaterAmount amount : amounts) {
            spent.add(amount == null ? null : read(amount, came, used));
        }
        return spent;
    }

    /** One amount. What fails leaves it unknown, and keeps neither the others nor the call from being settled. */
    private @Nullable Amount read(LaterAmount amount, @Nullable CallResult came, CallUsage used) {
        try {
            return amount.read(came, used);
        } catch (Throwable e) {
            listener.failed(call, e);
            return null;
        }
    }

    private CallUsage used(@Nullable CallResult came) {
        CallUsage told = usage;
        if (told != null) {
            return told;
        }
        if (meter == null || came == null) {
            return CallUsage.NONE;
        }
        try {
            return Objects.requireNonNull(meter.measure(call, came), "usage");
        } catch (Throwable e) {
            listener.failed(call, e);
            return CallUsage.NONE;
        }
    }
}
