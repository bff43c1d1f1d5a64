package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;
import java.io.DataOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What is counted under one key. One class for each way of counting.
 *
 * <p>Everything but {@link #claim}, {@link #tryClaim} and {@link #countsBy} is called with the cell claimed, or while
 * nobody else can see it. Amounts are in millionths.
 */
abstract class Cell {

    /** On whose account the cell's place is. Set before others see the cell, and read by whoever takes it out. */
    Holdings.@Nullable Holding holding;

    /** What {@link #waitFor} answers if no waiting helps: the amount is larger than the limit. */
    static final long NEVER = Long.MAX_VALUE;

    /** Waits until the cell is the caller's alone; false if it is dead, so that the key must be looked up again. */
    final boolean claim() {
        Attempt attempt = attempt();
        if (attempt == Attempt.BUSY) {
            Backoff backoff = new Backoff();
            do {
                backoff.pause();
                attempt = attempt();
            } while (attempt == Attempt.BUSY);
        }
        return attempt == Attempt.CLAIMED;
    }

    /** Claims the cell if it is alive and nobody else has it now. */
    final boolean tryClaim() {
        return attempt() == Attempt.CLAIMED;
    }

    /** What became of an attempt to claim a cell. */
    enum Attempt {
        CLAIMED,
        BUSY,
        DEAD
    }

    abstract Attempt attempt();

    /** Ends a claim, and makes what was done under it visible to the next. */
    abstract void release();

    /** Ends a claim for good: whoever still finds the cell looks its key up again. */
    abstract void kill();

    /** Whether the cell can count {@code micros} by {@code rule} just as it is; if not, see {@link Cells#carry}. */
    abstract boolean countsBy(LimitRule rule, long micros);

    /**
     * How long until there is room for {@code micros}, in nanoseconds, rounded up: 0 if there is now, {@link #NEVER} if
     * there never will be. Changes nothing.
     */
    abstract long waitFor(LimitRule rule, long micros, Moment now);

    /** Counts {@code micros}, be there room or not. */
    abstract Taken take(InMemoryRateLimiter owner, long micros, ChargeMode mode, Moment now);

    /** Gives back as much of {@code taken}, which this cell made, as makes no room that would not have been without it. */
    abstract void giveBack(Taken taken, Moment now);

    /** What is used up now, rounded up; {@link Long#MAX_VALUE} if it can't be told and must be taken for everything. */
    abstract long used(Moment now);

    /** What {@link Usage#used} shows of {@link #used}. */
    long shown(Moment now) {
        return used(now);
    }

    /** Whether a fresh cell made now would allow nothing that this one doesn't. */
    abstract boolean isFresh(Moment now);

    /** When it will be fresh by the monotonic clock if nothing more happens; {@link Long#MAX_VALUE} if never by that. */
    long freshNanos(Moment now) {
        return Long.MAX_VALUE;
    }

    /** When it will be fresh by the wall clock if nothing more happens; {@link Long#MAX_VALUE} if never by that. */
    long freshWall(Moment now) {
        return Long.MAX_VALUE;
    }

    /** Writes what {@link Snapshot} says of it; the cell isn't fresh. */
    abstract void write(LimitKey key, DataOutputStream out, Moment now) throws IOException;

    /** Called once, before a fresh cell is dropped. */
    void forget(Moment now) {}
}
