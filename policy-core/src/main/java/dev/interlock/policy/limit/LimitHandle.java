package dev.interlock.policy.limit;

import dev.interlock.policy.call.CallOutcome;
import org.jspecify.annotations.Nullable;

/**
 * One limit, opened by {@link RateLimiter#open} for calls that are charged to it and to nothing else. What does not
 * change from call to call is looked up in advance. A number identifies what a call takes, so a granted call needs to
 * leave no garbage.
 *
 * <p>A handle can only grant. If {@link #count} or {@link #take} can't grant, they change nothing, and the caller must
 * use {@link RateLimiter#reserve}: that method adds new keys, waits where it must, and says why there is no room. Both
 * ways count the same. Implementations are thread-safe; they neither block nor throw.
 */
public interface LimitHandle {

    /** What {@link #take} returns if nothing was taken. */
    long NOTHING = -1;

    /** The count of one subject, which only the handle that returned it understands. */
    interface Count {}

    /**
     * Returns the count of a subject and a call's values; null if there is none yet, or one by another rule.
     *
     * @param subject as in {@link LimitKey}
     * @param partition as in {@link LimitKey}
     */
    @Nullable
    Count count(String subject, String partition);

    /** Takes room for one call. Pass the returned value to {@link #settle}, unless it is {@link #NOTHING}. */
    long take(Count count);

    /**
     * Reports how a call ended that took {@code taken}. Unlike {@link RateLimiter#settle}, this must be called only
     * once.
     */
    void settle(Count count, long taken, CallOutcome outcome);

    /** Returns whether this outcome gives anything back. */
    boolean givesBack(CallOutcome outcome);
}
