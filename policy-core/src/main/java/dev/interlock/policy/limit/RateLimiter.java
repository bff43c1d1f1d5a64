package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where limits, counters and budgets are counted. One limiter serves any number of engines and threads.
 *
 * <p><b>The contract</b>, which {@code RateLimiterContract} in this module's tests holds every implementation to:
 *
 * <ul>
 *   <li>A batch is reserved wholly or not at all; a refused batch changes nothing.
 *   <li>No interleaving of concurrent calls admits more than the rules of the limits allow. Calls are linearizable: the
 *       answers are those of some order of the calls, one after the other, in which each happens between its start and its
 *       end. So a call is not refused for the sake of another that is refused itself, or that has given everything back.
 *   <li>The one refusal that may be needless is {@link Reservation.Reason#TOO_MANY_KEYS}: at its bound a limiter may not
 *       have noticed yet that a key could be forgotten, or hold a place for a batch that is refused in the end. It says
 *       itself for how long it may fail to notice.
 *   <li>A granted reservation keeps what it took unless {@link #settle} gives it back. Settling twice does nothing the
 *       second time. A reservation that is never settled counts as {@link Settlement#UNKNOWN}: it keeps everything.
 *   <li>Giving back never touches a window that began after the reservation, and never makes room that the limit's rule
 *       would not have had if the call had never been.
 *   <li>Forgetting never creates room: only a count that equals a fresh one is dropped. When no more keys can be held,
 *       new ones are refused with {@link Reservation.Reason#TOO_MANY_KEYS}.
 *   <li>A key whose rule has changed keeps its count: what is used by the old rule when the first charge by the new one is
 *       granted counts as used then. Between rules of one way of counting and one window, only {@code max} is new. What was
 *       reserved before such a change may be kept even if it should be given back.
 *   <li>A charge of {@link Amount#ZERO} always has room and takes nothing, not even a key's place.
 *   <li>A store that can't be asked refuses; it does not throw, save from {@link #usage}.
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

    /**
     * Opens one limit for calls that are charged to it and to nothing else; null, as by default, if the limiter has no shorter
     * way for them than {@link #reserve}.
     *
     * @param limit the first part of the key, as in {@link LimitKey}
     * @param amount how much each call counts
     */
    default @Nullable OpenBucket open(String limit, LimitRule rule, Amount amount, ChargeMode mode) {
        return null;
    }

    /** Tells how the call ended, and gives back what that ending gives back. Idempotent; never throws. */
    void settle(Reservation.Granted reservation, Settlement outcome);

    /**
     * How each charge's limit stands, in the order of the list. Takes nothing, and makes no place for a key. Blocks only if
     * {@link #blocks} says so.
     *
     * <p>Each limit is shown as it stands by itself. Only {@link Usage#retryAfter} heeds the charges before it in the list: the
     * amounts of one key add up, as they do in a batch.
     *
     * @throws UnavailableException if the store can't be asked: there is no count that would be safe in every comparison
     */
    List<Usage> usage(List<Charge> charges);

    /** {@link #usage} without blocking the caller; what that throws, the stage fails with. */
    default CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(usage(charges));
    }

    /** Whether {@link #reserve}, {@link #settle} or {@link #usage} may wait for another machine. */
    default boolean blocks() {
        return false;
    }
}
