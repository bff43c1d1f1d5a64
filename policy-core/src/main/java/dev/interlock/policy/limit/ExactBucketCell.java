package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;
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

    private final Meter meter;
    private long tat;
    private long fraction;
    private @Nullable Shifts shifts;

    ExactBucketCell(Meter meter, long tat, long fraction) {
        this.meter = meter;
        this.tat = tat;
        this.fraction = fraction;
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return meter.measures(rule);
    }

    @Override
    long waitFor(LimitRule rule, long micros, Moment now) {
        if (micros == 0) {
            return 0;
        }
        if (micros > meter.max) {
            return NEVER;
        }
        long cost = cost(micros);
        long costFraction = costFraction(micros, cost);
        boolean owes = tat >= now.nanos();
        long nanos = (owes ? tat - now.nanos() : 0) + cost - meter.window;
        long parts = (owes ? fraction : 0) + costFraction;
        if (parts >= meter.max) {
            nanos++;
            parts -= meter.max;
        }
        return Math.max(0, parts > 0 ? nanos + 1 : nanos);
    }

    @Override
    Taken take(InMemoryRateLimiter owner, long micros, ChargeMode mode, Moment now) {
        if (tat < now.nanos()) {
            tat = now.nanos();
            fraction = 0;
        }
        long cost = cost(micros);
        long costFraction = costFraction(micros, cost);
        tat = Math.min(tat + cost, Long.MAX_VALUE / 2);
        fraction += costFraction;
        if (fraction >= meter.max) {
            fraction -= meter.max;
            tat++;
        }
        return new InQueue(owner, this, mode, cost, costFraction);
    }

    @Override
    void giveBack(Taken taken, Moment now) {
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
            aheadParts += meter.max;
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
                shifts = new Shifts();
            }
            if (!shifts.add(aheadNanos, aheadParts, meter.max)) {
                return;
            }
        }
        tat -= aheadNanos;
        fraction -= aheadParts;
        if (fraction < 0) {
            fraction += meter.max;
            tat--;
        }
    }

    @Override
    long used(Moment now) {
        long debt = tat - now.nanos();
        return debt < 0 ? 0 : Wide.multiplyAddDivideUp(debt, meter.max, fraction, meter.window);
    }

    @Override
    long shown(Moment now) {
        return BucketCell.wholeCalls(used(now));
    }

    @Override
    boolean isFresh(Moment now) {
        return tat < now.nanos() || (tat == now.nanos() && fraction == 0);
    }

    @Override
    long freshNanos(Moment now) {
        return fraction == 0 ? tat : tat + 1;
    }

    @Override
    void write(LimitKey key, DataOutputStream out, Moment now) throws IOException {
        long debt = tat - now.nanos();
        boolean full = debt >= meter.window;
        Snapshot.exact(out, key, meter, full ? meter.window : debt, full ? 0 : fraction);
    }

    private long cost(long micros) {
        // More than a bucket's fill comes only from another rule's count. It is compared, but never kept.
        return Math.min(Wide.multiplyDivide(micros, meter.window, Math.max(1, meter.max)), Long.MAX_VALUE / 4);
    }

    private long costFraction(long micros, long cost) {
        long remainder = micros * meter.window - cost * meter.max;
        return remainder < 0 || remainder >= meter.max ? 0 : remainder;
    }

    /**
     * A charge's place in the queue, which drains at the bucket's rate: from {@code cost} before {@code tat} to
     * {@code tat}.
     */
    private static final class InQueue extends Taken {
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
    }
}
