package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket of whole calls, opened by {@link RateLimiter#open} for calls that are charged to it and to nothing
 * else. Everything that does not change from call to call is looked up in advance. A number identifies what a call
 * takes, so a granted call leaves no garbage.
 *
 * <p>It can only grant. If {@link #count} or {@link #take} can't grant, they change nothing, and the caller must use
 * {@link RateLimiter#reserve}: that method adds new keys, waits for other threads that have claimed a cell, and says
 * why there is no room. Both ways count in the same cells. Thread-safe.
 */
public final class OpenBucket {

    /** What {@link #take} returns if nothing was taken. */
    public static final long NOTHING = -1;

    private final InMemoryRateLimiter owner;
    private final Cells cells;
    private final Ticker ticker;
    private final String limit;
    private final Meter meter;
    private final long cost;
    private final ChargeMode mode;

    OpenBucket(
            InMemoryRateLimiter owner,
            Cells cells,
            Ticker ticker,
            String limit,
            Meter meter,
            long micros,
            ChargeMode mode) {
        this.owner = owner;
        this.cells = cells;
        this.ticker = ticker;
        this.limit = limit;
        this.meter = meter;
        this.cost = meter.cost(micros);
        this.mode = mode;
    }

    /** The count of one subject. */
    public sealed interface Count permits BucketCell {}

    /**
     * Returns the count of a subject; null if it has none yet, or one by another rule.
     *
     * @param subject as in {@link LimitKey}
     */
    @SuppressWarnings("ReferenceEquality") // All buckets of a rule share one meter.
    public @Nullable Count count(String subject) {
        return cells.get(new LimitKey(limit, subject)) instanceof BucketCell bucket && bucket.meter == meter
                ? bucket
                : null;
    }

    /** Takes room for one call. Pass the returned value to {@link #settle}, unless it is {@link #NOTHING}. */
    public long take(Count count) {
        return ((BucketCell) count).take(ticker, cost);
    }

    /**
     * Reports how a call ended that took {@code taken}. Unlike {@link RateLimiter#settle}, this must be called only
     * once.
     */
    public void settle(Count count, long taken, Settlement outcome) {
        if (outcome.givesBack(mode)) {
            ((BucketCell) count).taken(owner, mode, taken, cost).giveBack(outcome, ticker);
            cells.returned();
        }
    }

    /** Returns whether this outcome gives anything back. */
    public boolean givesBack(Settlement outcome) {
        return outcome.givesBack(mode);
    }
}
