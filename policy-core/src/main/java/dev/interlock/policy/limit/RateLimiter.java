package dev.interlock.policy.limit;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Where limits, counters and budgets are counted. One limiter serves any number of engines and threads.
 *
 * <p><b>The contract</b>, which {@code RateLimiterContract} in this module's tests holds every implementation to:
 *
 * <ul>
 *   <li>A batch is reserved wholly or not at all; a refused batch changes nothing.
 *   <li>No interleaving of concurrent calls admits more than the rules of the limits allow.
 *   <li>A granted reservation keeps what it took unless {@link #settle} gives it back. Settling twice does nothing the
 *       second time. A reservation that is never settled counts as {@link Settlement#UNKNOWN}: it keeps everything.
 *   <li>Giving back never touches a window that began after the reservation, and never makes room that the limit's rule
 *       would not have had if the call had never been.
 *   <li>Forgetting never creates room: only a count that equals a fresh one is dropped. When no more keys can be held,
 *       new ones are refused with {@link Reservation.Reason#TOO_MANY_KEYS}.
 *   <li>A store that can't be asked refuses; it does not throw.
 * </ul>
 */
public interface RateLimiter {

    /** A limiter that counts in this process, by the clocks of the JVM. {@link InMemoryRateLimiter} has settings. */
    static RateLimiter inMemory() {
        return InMemoryRateLimiter.builder().build();
    }

    /** Takes everything that the batch is charged to, or nothing. Blocks only if {@link #blocks} says so. */
    Reservation reserve(Batch batch);

    /** {@link #reserve} without blocking the caller. */
    default CompletionStage<Reservation> reserveAsync(Batch batch) {
        return CompletableFuture.completedFuture(reserve(batch));
    }

    /** Tells how the call ended, and gives back what that ending gives back. Idempotent; never throws. */
    void settle(Reservation.Granted reservation, Settlement outcome);

    /** How each charge's limit stands, in the order of the list. Takes nothing. Blocks only if {@link #blocks} says so. */
    List<Usage> usage(List<Charge> charges);

    /** {@link #usage} without blocking the caller. */
    default CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(usage(charges));
    }

    /** Whether {@link #reserve}, {@link #settle} or {@link #usage} may wait for another machine. */
    default boolean blocks() {
        return false;
    }
}
