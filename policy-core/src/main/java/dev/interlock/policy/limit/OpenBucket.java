package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket of whole calls, opened by {@link RateLimiter#open} for calls that are charged to it and to nothing else.
 * Whatever does not change from call to call was looked up then, and what a call takes is told by a number, so that a
 * granted call leaves no garbage.
 *
 * <p>It only ever says yes. Where {@link #count} or {@link #take} can't, they change nothing, and {@link
 * RateLimiter#reserve} has the answer: it makes places for new keys, waits for those who hold a cell, and says why there is
 * no room. Both ways count in the same cells. Thread-safe.
 */
public final class OpenBucket {

    /** What {@link #take} answers if nothing was taken. */
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
     * The count of a subject; null if it has none yet, or one by another rule.
     *
     * @param subject as in {@link LimitKey}
     */
    @SuppressWarnings("ReferenceEquality") // All buckets of a rule share one meter.
    public @Nullable Count count(String subject) {
        return cells.get(new LimitKey(limit, subject)) instanceof BucketCell bucket && bucket.meter == meter
                ? bucket
                : null;
    }

    /** Takes room for one call. What it answers is handed to {@link #settle}, unless it is {@link #NOTHING}. */
    public long take(Count count) {
        return ((BucketCell) count).take(ticker, cost);
    }

    /** Tells how a call ended that took {@code taken}. Unlike {@link RateLimiter#settle} it must not be told twice. */
    public void settle(Count count, long taken, Settlement outcome) {
        if (outcome.givesBack(mode)) {
            ((BucketCell) count).taken(owner, mode, taken, cost).giveBack(outcome, ticker);
            cells.returned();
        }
    }

    /** Whether an ending gives anything back. */
    public boolean givesBack(Settlement outcome) {
        return outcome.givesBack(mode);
    }
}
