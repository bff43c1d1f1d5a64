package dev.interlock.policy.limit.remote;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers in place of a store that is unavailable: one implementation for each {@link FailureMode}. Thread-safe, and
 * never blocks.
 */
public sealed interface Fallback permits RefusingFallback, UncountedFallback, LocalFallback {

    /** Answers as {@link RateLimiter#reserve} would. A {@linkplain Batch#strict strict} batch is refused. */
    Reservation reserve(Batch batch);

    /** Settles what {@link #reserve} granted. */
    void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent);

    /** Holds the places that {@link #reserve} granted. */
    void hold(Reservation.Granted reservation, Duration wait);

    /**
     * Returns the current usage of limits.
     *
     * @throws UnavailableException if it isn't known
     */
    List<Usage> usage(List<Charge> charges);

    /**
     * Does the same, for a store that has failed.
     *
     * @param cause why the store could not be asked; null if it was not
     * @throws UnavailableException if the usage isn't known; it has the cause
     */
    default List<Usage> usage(List<Charge> charges, @Nullable Throwable cause) {
        try {
            return usage(charges);
        } catch (UnavailableException e) {
            if (cause != null) {
                e.addSuppressed(cause);
            }
            throw e;
        }
    }

    /**
     * Returns the one for a mode.
     *
     * @param time this process's time, for what is counted in it
     */
    static Fallback of(FailureMode mode, TimeSource time) {
        if (mode instanceof FailureMode.Local local) {
            return new LocalFallback(
                    local.exactly(), InMemoryRateLimiter.builder().time(time).build());
        }
        return mode instanceof FailureMode.Open ? new UncountedFallback() : new RefusingFallback();
    }
}
