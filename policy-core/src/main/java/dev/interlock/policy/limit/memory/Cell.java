package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Usage;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is counted under one key. There is one class for each way of counting.
 *
 * <p>Every method except {@link #claim}, {@link #tryClaim} and {@link #countsBy} is called while the cell is claimed,
 * or while no other thread can see it. Amounts are in millionths.
 */
abstract class Cell {

    /**
     * The account that the cell's place belongs to. Set before other threads see the cell; read by the thread that
     * removes it.
     */
    Holdings.@Nullable Holding holding;

    /** What {@link #waitFor} returns if no waiting helps, because the amount is larger than the limit. */
    static final long NEVER = Long.MAX_VALUE;

    /** What {@link #waitFor} returns if there is no room, and no clock says when there will be. */
    static final long UNTIL_RETURNED = -1;

    /**
     * Waits until the caller has the cell to itself. False if the cell is dead, so that the key must be looked up
     * again.
     */
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

    /** Claims the cell if it is alive and no other thread has claimed it. */
    final boolean tryClaim() {
        return attempt() == Attempt.CLAIMED;
    }

    /** The result of an attempt to claim a cell. */
    enum Attempt {
        CLAIMED,
        BUSY,
        DEAD
    }

    abstract Attempt attempt();

    /** Ends a claim, and makes the changes visible to the next claim. */
    abstract void release();

    /** Ends a claim for good. A thread that still finds the cell looks its key up again. */
    abstract void kill();

    /** Whether the cell can count {@code micros} by {@code rule} without a change; if not, see {@link Cells#carry}. */
    abstract boolean countsBy(LimitRule rule, long micros);

    /**
     * How long until there is room for {@code micros}, in nanoseconds, rounded up. 0 if there is room now,
     * {@link #NEVER} if there never will be, {@link #UNTIL_RETURNED} if another call must end first. Changes nothing.
     */
    abstract long waitFor(LimitRule rule, long micros, ClockReading now);

    /** Counts {@code micros} by {@code rule}, whether there is room or not. */
    abstract CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now);

    /**
     * What a charge takes: its amount, or what is reserved until its amount is known, or nothing until the call has
     * failed, if only failures count.
     */
    final CellGrant take(InMemoryRateLimiter owner, Charge charge, ClockReading now) {
        countedBy(charge.rule());
        long micros = charge.amount().micros();
        if (charge.isAfterwards()) {
            return holdFor(owner, charge, now);
        }
        return charge.mode() == ChargeMode.FAILURES
                ? watch(owner, micros, now)
                : take(owner, charge.rule(), micros, charge.mode(), now);
    }

    /** Notes what a person is shown of the rule but this class doesn't need. */
    void countedBy(LimitRule rule) {}

    /** Prepares to count {@code micros} if the call fails, as of now. Until then the cell is not fresh. */
    CellGrant watch(InMemoryRateLimiter owner, long micros, ClockReading now) {
        throw new IllegalArgumentException("only windows count failures");
    }

    /** Counts what is reserved for a charge whose amount comes later. Until then the cell is not fresh. */
    CellGrant holdFor(InMemoryRateLimiter owner, Charge charge, ClockReading now) {
        throw new IllegalArgumentException("only windows count what is known afterwards");
    }

    /** Ends a call that this end changes something of. */
    final void end(CellGrant taken, CallOutcome outcome, @Nullable Amount spent, ClockReading now) {
        Charge afterwards = taken.afterwards();
        if (afterwards == null) {
            giveBack(taken, now);
        } else {
            replace(taken, afterwards.counted(outcome, spent).micros(), now);
        }
    }

    /** Counts {@code micros} in the place of what {@link #holdFor} has reserved, in the same window. */
    void replace(CellGrant held, long micros, ClockReading now) {
        throw new IllegalArgumentException("only windows count what is known afterwards");
    }

    /**
     * Gives back {@code taken}, which this cell created, or counts it if it was only watched. Gives back only as much
     * as makes no room that would not have existed without the charge.
     */
    abstract void giveBack(CellGrant taken, ClockReading now);

    /** What is used now, rounded up. {@link Long#MAX_VALUE} if it is unknown and must be treated as everything. */
    abstract long used(ClockReading now);

    /** What {@link Usage#used} shows for {@link #used}. */
    long shown(ClockReading now) {
        return used(now);
    }

    /** Whether a fresh cell created now would allow nothing that this one doesn't. */
    abstract boolean isFresh(ClockReading now);

    /**
     * When the cell will be fresh by the monotonic clock if nothing else happens. {@link Long#MAX_VALUE} if never by
     * that clock.
     */
    long freshNanos(ClockReading now) {
        return Long.MAX_VALUE;
    }

    /**
     * When the cell will be fresh by the wall clock if nothing else happens. {@link Long#MAX_VALUE} if never by that
     * clock.
     */
    long freshWall(ClockReading now) {
        return Long.MAX_VALUE;
    }

    /** Whether what is counted outlives the process. */
    boolean isLasting() {
        return true;
    }

    /** Writes what {@link Snapshot} specifies for this cell. The cell must not be fresh. */
    abstract void write(LimitKey key, DataOutputStream out, ClockReading now) throws IOException;

    /** Writes all that the cell is, with times as they are, for {@link KeptLimits}. */
    abstract void keep(DataOutputStream out) throws IOException;

    /** What is written for a person who looks at where it is kept. */
    abstract String kind();

    /** Called once, before a fresh cell is dropped. */
    void forget(ClockReading now) {}

    /** Called once, before a cell is dropped that may not be fresh. */
    void forgetAtReset(ClockReading now) {}

    /** What is shown to a person. The cell must not be fresh. */
    final LimitRecord record(LimitKey key, ClockReading now) {
        Amount used = new Amount(Math.min(shown(now), Amount.MAX.micros()));
        return new LimitRecord(key, rule(), used, untilFresh(now));
    }

    /** The rule that it was last counted by, as far as the cell keeps it. */
    abstract LimitRule rule();

    /** How long until the cell is fresh if nothing else happens. */
    Duration untilFresh(ClockReading now) {
        return Duration.ofNanos(Math.max(0, freshNanos(now) - now.nanos()));
    }
}
