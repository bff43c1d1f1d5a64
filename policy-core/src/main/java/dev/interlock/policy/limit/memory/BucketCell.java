package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for whole calls, in one {@code long}.
 *
 * <p><b>Guarantee.</b> In any interval of length t, at most {@code max · (1 + t / window)} calls; at once, exactly
 * {@code max}. The cost T of a call is {@code window / max} rounded up to a nanosecond, and the bucket's depth is
 * {@code max · T}. So rounding costs at most one call in a million on the rate, and nothing on the burst.
 *
 * <p><b>Cost.</b> 32 bytes. A lone charge is one compare-and-set, without a lock and with no allocation except the
 * reservation. It waits only while a batch of several charges, a giving back or the sweep has claimed the cell.
 *
 * <p><b>Source.</b> The generic cell rate algorithm, ITU-T I.371 annex A and ATM Forum TM 4.1, in its virtual
 * scheduling form.
 *
 * <p><b>Giving back.</b> A bucket is a queue: each charge adds work, T for a call, and time does the work in the order
 * of arrival. The TAT is when the last work will be done. A charge whose call never happened may be removed from the
 * queue, but only its undone part: work that was done was done in place of other work, and without it the bucket might
 * have been full and idle. Simply taking "one token" back admits too much: with {@code max} 1, a call at 0, another at
 * T, and the first one given back, a third is admitted at T.
 *
 * <p>Why this never makes room that would not have existed: a queue that works whenever there is work finishes no job
 * later because it has fewer jobs. So in the history without the given-back calls, every other job is done at least as
 * far as it is here. The work that is left of these jobs, which alone decides about room, is at most what is left here.
 *
 * <p>The work of a charge ends at the TAT that the charge left behind, minus what was given back since then of earlier
 * work. The cell keeps only the total of what was given back, {@link GivenBackTotal}, and assumes that all of it was
 * earlier. Two cases are exact: charges that are given back in the order they came or in the reverse order, where each
 * is the last in the queue. In other cases, less may be given back than possible.
 */
final class BucketCell extends Cell implements LimitHandle.Count {

    /** Twice the TAT, so that the lowest bit can tell whether the cell is claimed. */
    @SuppressWarnings("unused") // through STATE
    private volatile long state;

    final BucketRate rate;
    private volatile @Nullable GivenBackTotal shifts;

    private static final long CLAIMED = 1;
    private static final long DEAD = Long.MIN_VALUE;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(BucketCell.class, "state", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    BucketCell(BucketRate rate, long tat) {
        this.rate = rate;
        this.state = tat << 1;
    }

    /** Rounds {@code micros} up to a whole call. */
    static long wholeCalls(long micros) {
        long over = micros % Amount.ONE_MICROS;
        return over == 0 ? micros : Math128.add(micros, Amount.ONE_MICROS - over);
    }

    /**
     * Takes room without a claim.
     *
     * <p>The clock is read after the state. If the compare-and-set succeeds, the state was the same at that reading; if
     * there is no room, there was none at that reading. So each answer is right for one moment while the call ran.
     *
     * @return what was taken; a refusal if there is no room; null if the cell is dead
     */
    @Nullable
    Reservation take(InMemoryRateLimiter owner, LimiterClock clock, long micros, ChargeMode mode) {
        long cost = rate.cost(micros);
        Backoff backoff = null;
        while (true) {
            GivenBackTotal shifts = this.shifts;
            long before = state;
            if (before == DEAD) {
                return null;
            }
            if ((before & CLAIMED) != 0) {
                if (backoff == null) {
                    backoff = new Backoff();
                }
                backoff.pause();
                continue;
            }
            long now = clock.nanos();
            long tat = Math.max(before >> 1, now) + cost;
            long wait = tat - now - rate.depth;
            if (wait > 0) {
                return Refusals.noRoom(0, wait);
            }
            long shifted = shifts == null ? 0 : shifts.nanos();
            if (STATE.compareAndSet(this, before, tat << 1)) {
                return new InQueue(owner, this, mode, tat, cost, shifted);
            }
        }
    }

    /**
     * Takes room for an {@link BucketHandle}, whose reservation has no field for the shifts. A cell that has shifts is
     * left to the other way, and so is one that is claimed or dead.
     *
     * @return the TAT that was left behind; {@link BucketHandle#NOTHING} if nothing was taken
     */
    long take(LimiterClock clock, long cost) {
        // Read before the state, as above: shifts that come in between only cause less to be given back.
        while (shifts == null) {
            long before = state;
            if ((before & CLAIMED) != 0 || before == DEAD) {
                return LimitHandle.NOTHING;
            }
            long now = clock.nanos();
            long tat = Math.max(before >> 1, now) + cost;
            if (tat - now > rate.depth) {
                return LimitHandle.NOTHING;
            }
            if (STATE.compareAndSet(this, before, tat << 1)) {
                return tat;
            }
        }
        return LimitHandle.NOTHING;
    }

    /** Converts what an {@link BucketHandle} took to what {@link #giveBack} takes. */
    CellGrant taken(InMemoryRateLimiter owner, ChargeMode mode, long tat, long cost) {
        return new InQueue(owner, this, mode, tat, cost, 0);
    }

    @Override
    Attempt attempt() {
        long before = state;
        if (before == DEAD) {
            return Attempt.DEAD;
        }
        return (before & CLAIMED) == 0 && STATE.compareAndSet(this, before, before | CLAIMED)
                ? Attempt.CLAIMED
                : Attempt.BUSY;
    }

    @Override
    void release() {
        long claimed = state;
        state = claimed & ~CLAIMED;
    }

    @Override
    void kill() {
        state = DEAD;
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return rate.measures(rule) && rate.isSimple(micros);
    }

    @Override
    long waitFor(LimitRule rule, long micros, ClockReading now) {
        if (micros == 0) {
            return 0;
        }
        if (micros > rate.max) {
            return NEVER;
        }
        long cost = rate.cost(micros);
        return Math.max(0, debt(now) + cost - rate.depth);
    }

    @Override
    CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now) {
        long cost = rate.cost(micros);
        long tat = now.nanos() + debt(now) + cost;
        put(tat);
        GivenBackTotal shifts = this.shifts;
        return new InQueue(owner, this, mode, tat, cost, shifts == null ? 0 : shifts.nanos());
    }

    @Override
    void giveBack(CellGrant taken, ClockReading now) {
        InQueue held = (InQueue) taken;
        GivenBackTotal shifts = this.shifts;
        long shifted = shifts == null ? 0 : shifts.nanos() - held.shifted;
        long back = Math.min(held.cost, held.tat - shifted - now.nanos());
        if (back <= 0) {
            return;
        }
        long tat = state >> 1;
        if (shifted != 0 || held.tat != tat) {
            if (shifts == null) {
                shifts = new GivenBackTotal();
                this.shifts = shifts;
            }
            if (!shifts.add(back, 0, 1)) {
                return;
            }
        }
        put(tat - back);
    }

    @Override
    long used(ClockReading now) {
        return Math128.multiplyDivideUp(debt(now), Amount.ONE_MICROS, rate.emission);
    }

    @Override
    long shown(ClockReading now) {
        return wholeCalls(used(now));
    }

    @Override
    boolean isFresh(ClockReading now) {
        return debt(now) == 0;
    }

    @Override
    long freshNanos(ClockReading now) {
        return state >> 1;
    }

    @Override
    LimitRule rule() {
        return rate.rule;
    }

    @Override
    void write(LimitKey key, DataOutputStream out, ClockReading now) throws IOException {
        Snapshot.bucket(out, key, rate, Math.min(debt(now), rate.depth));
    }

    @Override
    void keep(DataOutputStream out) throws IOException {
        out.writeByte(CellBytes.BUCKET);
        CellBytes.write(out, rate);
        out.writeLong(state >> 1);
        CellBytes.write(out, shifts);
    }

    @Override
    String kind() {
        return "token bucket";
    }

    static BucketCell kept(CellBytes in) throws IOException {
        BucketRate rate = in.rate();
        long tat = in.tat();
        // It is doubled.
        CellBytes.require(rate.emission > 0 && tat < 1L << 62);
        BucketCell cell = new BucketCell(rate, tat);
        cell.shifts = in.shifts(1);
        return cell;
    }

    private long debt(ClockReading now) {
        return Math.max(0, (state >> 1) - now.nanos());
    }

    private void put(long tat) {
        state = tat << 1 | (state & CLAIMED);
    }

    /**
     * A charge's place in the queue: from {@code cost} before {@code tat} to {@code tat}. {@code shifted} had been
     * given back when it was taken.
     */
    private static final class InQueue extends CellGrant {
        final long tat;
        final long cost;
        final long shifted;

        InQueue(InMemoryRateLimiter owner, Cell cell, ChargeMode mode, long tat, long cost, long shifted) {
            super(owner, cell, mode);
            this.tat = tat;
            this.cost = cost;
            this.shifted = shifted;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new InQueue(other, cell, mode, tat, cost, shifted);
        }
    }
}
