package dev.interlock.policy.limit.memory;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.io.DataOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for amounts of any size.
 *
 * <p><b>Guarantee.</b> In any interval of length t, amounts that sum up to at most {@code max · (1 + t / window)}; at
 * once, exactly {@code max}. Nothing is rounded: the TAT is a number of nanoseconds and a fraction whose denominator is
 * {@code max} in millionths, so it can represent every cost {@code a · window / max} exactly.
 *
 * <p><b>Cost.</b> Constant time, 40 bytes. Products are computed in 128 bits.
 *
 * <p>{@link BucketCell} explains what is given back and why that makes no room.
 */
final class ExactBucketCell extends LockedCell {

    private final BucketRate rate;
    private long tat;
    private long fraction;
    private @Nullable GivenBackTotal shifts;

    ExactBucketCell(BucketRate rate, long tat, long fraction) {
        this.rate = rate;
        this.tat = tat;
        this.fraction = fraction;
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return rate.measures(rule);
    }

    @Override
    long waitFor(LimitRule rule, long micros, ClockReading now) {
        if (micros == 0) {
            return 0;
        }
        if (micros > rate.max) {
            return NEVER;
        }
        long cost = cost(micros);
        long costFraction = costFraction(micros, cost);
        boolean owes = tat >= now.nanos();
        long nanos = (owes ? tat - now.nanos() : 0) + cost - rate.window;
        long parts = (owes ? fraction : 0) + costFraction;
        if (parts >= rate.max) {
            nanos++;
            parts -= rate.max;
        }
        return Math.max(0, parts > 0 ? nanos + 1 : nanos);
    }

    @Override
    CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now) {
        if (tat < now.nanos()) {
            tat = now.nanos();
            fraction = 0;
        }
        long cost = cost(micros);
        long costFraction = costFraction(micros, cost);
        tat = Math.min(tat + cost, Long.MAX_VALUE / 2);
        fraction += costFraction;
        if (fraction >= rate.max) {
            fraction -= rate.max;
            tat++;
        }
        return new InQueue(owner, this, mode, cost, costFraction);
    }

    @Override
    void giveBack(CellGrant taken, ClockReading now) {
        InQueue held = (InQueue) taken;
        long shiftedNanos = 0;
        long shiftedFraction = 0;
        boolean last = held.tat == tat && held.fraction == fraction;
        if (shifts != null) {
            shiftedNanos = shifts.nanos() - held.shiftNanos;
            shiftedFraction = shifts.fraction() - held.shiftFraction;
            last &= shiftedNanos == 0 && shiftedFraction == 0;
        }
        // The part of it that lies after now: a number of nanoseconds, and a fraction that may be below zero or above
        // one.
        long aheadNanos = held.tat - shiftedNanos - now.nanos();
        long aheadParts = held.fraction - shiftedFraction;
        if (aheadParts < 0) {
            aheadParts += rate.max;
            aheadNanos--;
        }
        if (aheadNanos < 0) {
            return;
        }
        if (aheadNanos > held.cost || (aheadNanos == held.cost && aheadParts > held.costFraction)) {
            aheadNanos = held.cost;
            aheadParts = held.costFraction;
        }
        if (!last) {
            if (shifts == null) {
                shifts = new GivenBackTotal();
            }
            if (!shifts.add(aheadNanos, aheadParts, rate.max)) {
                return;
            }
        }
        tat -= aheadNanos;
        fraction -= aheadParts;
        if (fraction < 0) {
            fraction += rate.max;
            tat--;
        }
    }

    @Override
    long used(ClockReading now) {
        long debt = tat - now.nanos();
        return debt < 0 ? 0 : Math128.multiplyAddDivideUp(debt, rate.max, fraction, rate.window);
    }

    @Override
    long shown(ClockReading now) {
        return BucketCell.wholeCalls(used(now));
    }

    @Override
    boolean isFresh(ClockReading now) {
        return tat < now.nanos() || (tat == now.nanos() && fraction == 0);
    }

    @Override
    long freshNanos(ClockReading now) {
        return fraction == 0 ? tat : tat + 1;
    }

    @Override
    LimitRule rule() {
        return rate.rule;
    }

    @Override
    void write(LimitKey key, DataOutputStream out, ClockReading now) throws IOException {
        long debt = tat - now.nanos();
        boolean full = debt >= rate.window;
        Snapshot.exact(out, key, rate, full ? rate.window : debt, full ? 0 : fraction);
    }

    @Override
    void keep(DataOutputStream out) throws IOException {
        out.writeByte(CellBytes.EXACT);
        CellBytes.write(out, rate);
        out.writeLong(tat);
        out.writeLong(fraction);
        CellBytes.write(out, shifts);
    }

    @Override
    String kind() {
        return "token bucket";
    }

    static ExactBucketCell kept(CellBytes in) throws IOException {
        BucketRate rate = in.rate();
        ExactBucketCell cell = new ExactBucketCell(rate, in.tat(), in.fraction(rate.max));
        cell.shifts = in.shifts(Math.max(1, rate.max));
        return cell;
    }

    private long cost(long micros) {
        // More than a bucket's fill comes only from another rule's count. It is compared, but never kept.
        return Math.min(Math128.multiplyDivide(micros, rate.window, Math.max(1, rate.max)), Long.MAX_VALUE / 4);
    }

    private long costFraction(long micros, long cost) {
        long remainder = micros * rate.window - cost * rate.max;
        return remainder < 0 || remainder >= rate.max ? 0 : remainder;
    }

    /**
     * A charge's place in the queue, which drains at the bucket's rate: from {@code cost} before {@code tat} to
     * {@code tat}.
     */
    private static final class InQueue extends CellGrant {
        final long tat;
        final long fraction;
        final long cost;
        final long costFraction;
        final long shiftNanos;
        final long shiftFraction;

        InQueue(InMemoryRateLimiter owner, ExactBucketCell cell, ChargeMode mode, long cost, long costFraction) {
            super(owner, cell, mode);
            this.tat = cell.tat;
            this.fraction = cell.fraction;
            this.cost = cost;
            this.costFraction = costFraction;
            this.shiftNanos = cell.shifts == null ? 0 : cell.shifts.nanos();
            this.shiftFraction = cell.shifts == null ? 0 : cell.shifts.fraction();
        }

        private InQueue(InMemoryRateLimiter owner, Cell cell, InQueue same) {
            super(owner, cell, same.mode);
            this.tat = same.tat;
            this.fraction = same.fraction;
            this.cost = same.cost;
            this.costFraction = same.costFraction;
            this.shiftNanos = same.shiftNanos;
            this.shiftFraction = same.shiftFraction;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new InQueue(other, cell, this);
        }
    }
}
