package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Counts limits, counters and budgets. One limiter serves any number of engines and threads.
 *
 * <p><b>The contract</b>, which {@code RateLimiterContract} in this module's tests checks for every implementation:
 *
 * <ul>
 *   <li>A batch is reserved completely or not at all. A refused batch changes nothing.
 *   <li>No interleaving of concurrent calls admits more than the rules of the limits allow. Calls are linearizable: the
 *       answers are those of some sequential order of the calls, in which each call happens between its start and its
 *       end. So a call is not refused because of another call that is itself refused or that has given everything back.
 *   <li>Only {@link Reservation.Reason#TOO_MANY_KEYS} may be an unnecessary refusal: at its bound, a limiter may not
 *       have noticed yet that a key can be forgotten, or may hold a place for a batch that is refused in the end. Each
 *       limiter documents for how long it may fail to notice.
 *   <li>A granted reservation keeps what it took unless {@link #settle} gives it back. Settling a second time does
 *       nothing. A reservation that is never settled counts as {@link CallOutcome#UNKNOWN}: it keeps everything.
 *   <li>Giving back never affects a window that began after the reservation. It never makes room that the limit's rule
 *       would not have had if the call had never been made.
 *   <li>Forgetting never creates room: only a count that equals a fresh one is dropped. When no more keys can be held,
 *       new ones are refused with {@link Reservation.Reason#TOO_MANY_KEYS}.
 *   <li>A key whose rule has changed keeps its count: what is used under the old rule when the first charge under the
 *       new rule is granted counts as used at that moment. If both rules count in the same way and have the same
 *       window, only {@code max} changes. What was reserved before such a change may be kept even if it should be given
 *       back.
 *   <li>A place of a {@link LimitRule.Concurrent} is given back by every outcome, or by the end of its lease, whichever
 *       comes first, and once: a call that is settled late never frees the place of another. The moment at which a
 *       lease ends is not part of it.
 *   <li>A charge whose amount is known only {@linkplain Charge#afterwards afterwards} has room while there is any, and
 *       as much as is reserved for it. Its real amount counts also past the maximum, and never in a later window.
 *   <li>A charge that is {@linkplain Charge#withoutCheck not checked} is refused for no lack of room, and counts like
 *       any other.
 *   <li>A charge of {@link Amount#ZERO} whose amount is known always has room. It takes nothing, not even a place for
 *       its key.
 *   <li>A store that can't be reached refuses; it does not throw, except from {@link #usage}. A {@linkplain
 *       Batch#strict strict} batch is granted by the store alone, in whichever way a host has calls decided without it.
 * </ul>
 */
public interface RateLimiter {

    /** Takes everything that the batch is charged to, or nothing. Blocks only if {@link #blocks} returns true. */
    Reservation reserve(Batch batch);

    /** Does the same as {@link #reserve} without blocking the caller. */
    default CompletionStage<Reservation> reserveAsync(Batch batch) {
        return CompletableFuture.completedFuture(reserve(batch));
    }

    /**
     * Opens one limit for calls that are charged to it and to nothing else. Returns null, as by default, if the limiter
     * has no shorter way for them than {@link #reserve}.
     *
     * @param limit the first part of the key, as in {@link LimitKey}
     * @param amount how much each call counts
     */
    default @Nullable LimitHandle open(String limit, LimitRule rule, Amount amount, ChargeMode mode) {
        return null;
    }

    /**
     * Reports how the call ended: gives back what this outcome gives back, and lets the real amounts take the place of
     * what was reserved for {@linkplain Charge#afterwards amounts that are known only now}, as {@link Charge#counted}
     * says, in the windows in which the call was admitted. Idempotent; never throws.
     *
     * @param spent the real amounts, in the order of the batch's charges: null where one is unknown, and where it was
     *     known before. A list that is shorter says that the rest is unknown
     */
    void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent);

    /** Reports how a call ended of which no amount is known now that was not known before. */
    default void settle(Reservation.Granted reservation, CallOutcome outcome) {
        settle(reservation, outcome, List.of());
    }

    /**
     * Holds the {@linkplain LimitRule.Concurrent places} of a call that has not been sent yet: their leases begin in
     * {@code wait}, or now if it is zero. A place whose lease has ended is not taken again. Does nothing after {@link
     * #settle}. Never throws or blocks.
     *
     * <p>By default, leases begin when the places are reserved.
     *
     * @param wait how long it may still take until the call is sent
     */
    default void hold(Reservation.Granted reservation, Duration wait) {}

    /**
     * Returns how each charge's limit stands, in the order of the list. Takes nothing, and occupies no place for a key.
     * Blocks only if {@link #blocks} returns true.
     *
     * <p>Each limit is reported on its own. Only {@link Usage#retryAfter} considers the earlier charges in the list:
     * the amounts of one key add up, as they do in a batch.
     *
     * @throws UnavailableException if the store can't be reached, because no count would be safe in every comparison
     */
    List<Usage> usage(List<Charge> charges);

    /**
     * Does the same as {@link #usage} without blocking the caller. If {@link #usage} would throw, the stage fails with
     * that exception.
     */
    default CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(usage(charges));
    }

    /** Returns whether {@link #reserve}, {@link #settle} or {@link #usage} may wait for another machine. */
    default boolean blocks() {
        return false;
    }
}
