package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;

/**
 * A log of what was counted within the last window.
 *
 * <p><b>Guarantee.</b> For every s, the calls in the half-open interval [s, s + W) sum up to at most {@code max}, and
 * so do those in (s, s + W]: a call at time t counts until t + W, and at t + W no longer. The clock is the monotonic
 * one.
 *
 * <p><b>Cost.</b> 16 bytes for each call within the window, at most {@value #ENTRIES} calls, so at most 64 KiB for each
 * key. Calls at the same instant share an entry. Counting takes amortized constant time. A refusal computes when there
 * will be room, in time linear in the entries.
 *
 * <p><b>Bound of its imprecision.</b> If a key counts more than {@value #ENTRIES} calls in its window, neighbouring
 * entries are merged into the latest of them. They are then released up to W / {@value #SLICES} late, never early.
 *
 * <p><b>Source.</b> The sliding-window log. The merging follows Datar, Gionis, Indyk, Motwani, <i>Maintaining Stream
 * Statistics over Sliding Windows</i> (2002), with slices of equal width instead of growing ones, and rounded to one
 * side.
 */
final class SlidingWindowCell extends LockedCell {

    /** A sum or an amount that is too large to be held, and is therefore treated as everything. */
    private static final long FULL = Long.MAX_VALUE;

    static final int ENTRIES = 4096;
    static final int SLICES = 2048;

    private static final int FIRST_CAPACITY = 4;

    private final long window;

    /** Of the rule that it was last counted by; the largest if that is not known. */
    private Amount max = Amount.MAX;

    /** A ring of pairs of time and amount. The times increase. */
    private long[] ring = {};

    private int head;
    private int size;
    private long sum;

    /** Whether entries of nothing matter: a call may still fail, and is then counted in its entry. */
    private boolean watched;

    /** The time of the last entry that left, so that a late giving back doesn't mistake a later entry for it. */
    private long left = Long.MIN_VALUE;

    SlidingWindowCell(Duration window) {
        this.window = window.toNanos();
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return rule instanceof LimitRule.SlidingWindow sliding
                && sliding.window().toNanos() == window;
    }

    @Override
    long waitFor(LimitRule rule, long micros, ClockReading now) {
        long max = ((LimitRule.SlidingWindow) rule).max().micros();
        if (micros == 0) {
            return 0;
        }
        if (micros > max) {
            return NEVER;
        }
        expire(now.nanos());
        if (sum <= max - micros) {
            return 0;
        }
        // From the latest back to the first that is one too many: a sum that is too large to be held helps no one.
        long kept = 0;
        int last = size - 1;
        while (last > 0 && Math128.add(kept, amount(last)) <= max - micros) {
            kept += amount(last);
            last--;
        }
        return time(last) + window - now.nanos();
    }

    @Override
    CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now) {
        expire(now.nanos());
        long time = append(now.nanos(), micros);
        return new At(owner, this, mode, time, micros);
    }

    @Override
    CellGrant watch(InMemoryRateLimiter owner, long micros, ClockReading now) {
        expire(now.nanos());
        watched = true;
        return new At(owner, this, ChargeMode.FAILURES, append(now.nanos(), 0), micros);
    }

    @Override
    CellGrant holdFor(InMemoryRateLimiter owner, Charge charge, ClockReading now) {
        expire(now.nanos());
        watched = true;
        return new Afterwards(owner, this, append(now.nanos(), charge.amount().micros()), charge);
    }

    /** Appends an entry, not before the last one. A giving back finds the entry by the time that this returns. */
    private long append(long time, long micros) {
        sum = Math128.add(sum, micros);
        if (size > 0 && time(size - 1) >= time) {
            int last = index(size - 1);
            ring[last + 1] = Math128.add(ring[last + 1], micros);
            return ring[last];
        }
        if (2 * size == ring.length) {
            makePlace();
        }
        int next = index(size);
        ring[next] = time;
        ring[next + 1] = micros;
        size++;
        return time;
    }

    @Override
    void giveBack(CellGrant taken, ClockReading now) {
        At held = (At) taken;
        boolean failures = held.mode == ChargeMode.FAILURES;
        replace(held, failures ? 0 : held.micros, failures ? held.micros : 0, now);
    }

    @Override
    void replace(CellGrant reserved, long micros, ClockReading now) {
        At held = (At) reserved;
        replace(held, held.micros, micros, now);
    }

    private void replace(At held, long before, long after, ClockReading now) {
        expire(now.nanos());
        if (held.time <= left) {
            return;
        }
        // Merging moves amounts to the next later entry, so this entry has the amount now.
        int low = 0;
        int high = size - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (time(middle) < held.time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int amount = index(low) + 1;
        if (ring[amount] != FULL) {
            ring[amount] = Math128.add(ring[amount] - before, after);
        }
        sum = sum == FULL ? total() : Math128.add(sum - before, after);
    }

    /** The sum, counted anew: one that was too large to be held tells nothing of what is left. */
    private long total() {
        long total = 0;
        for (int i = 0; i < size; i++) {
            total = Math128.add(total, amount(i));
        }
        return total;
    }

    @Override
    long used(ClockReading now) {
        expire(now.nanos());
        return sum;
    }

    @Override
    boolean isFresh(ClockReading now) {
        expire(now.nanos());
        return sum == 0 && (!watched || size == 0);
    }

    @Override
    long freshNanos(ClockReading now) {
        return size == 0 ? now.nanos() : time(size - 1) + window;
    }

    @Override
    void countedBy(LimitRule rule) {
        max = ((LimitRule.SlidingWindow) rule).max();
    }

    @Override
    LimitRule rule() {
        return new LimitRule.SlidingWindow(max, Duration.ofNanos(window));
    }

    @Override
    void write(LimitKey key, DataOutputStream out, ClockReading now) throws IOException {
        expire(now.nanos());
        Snapshot.sliding(out, key, window, size);
        for (int i = 0; i < size; i++) {
            out.writeLong(Math.max(0, now.nanos() - time(i)));
            out.writeLong(amount(i));
        }
    }

    /** Restores an entry that had this age {@code elapsed} nanoseconds ago. */
    void restore(long age, long elapsed, long micros, ClockReading now) {
        if (age < window - elapsed) {
            append(now.nanos() - elapsed - age, micros);
        }
    }

    @Override
    void keep(DataOutputStream out) throws IOException {
        out.writeByte(CellBytes.SLIDING);
        out.writeLong(window);
        out.writeLong(max.micros());
        out.writeBoolean(watched);
        out.writeLong(left);
        out.writeInt(size);
        for (int i = 0; i < size; i++) {
            out.writeLong(time(i));
            out.writeLong(amount(i));
        }
    }

    @Override
    String kind() {
        return "sliding window";
    }

    static SlidingWindowCell kept(CellBytes in) throws IOException {
        SlidingWindowCell cell = new SlidingWindowCell(in.length());
        cell.max = in.max();
        cell.watched = in.flag();
        cell.left = in.time();
        int entries = in.count(ENTRIES);
        long before = cell.left;
        for (int i = 0; i < entries; i++) {
            long time = in.time();
            CellBytes.require(time > before);
            before = time;
            cell.append(time, in.amount());
        }
        return cell;
    }

    private void expire(long now) {
        boolean vast = sum == FULL && size > 0 && time(0) + window <= now;
        while (size > 0 && time(0) + window <= now) {
            left = time(0);
            sum -= amount(0);
            head = head + 2 == ring.length ? 0 : head + 2;
            size--;
        }
        if (vast) {
            sum = total();
        }
        if (size == 0 && ring.length > 2 * FIRST_CAPACITY) {
            ring = new long[0];
            head = 0;
        }
    }

    private void makePlace() {
        if (size == ENTRIES) {
            merge();
            return;
        }
        long[] larger = new long[Math.max(2 * FIRST_CAPACITY, 2 * ring.length)];
        int first = Math.min(2 * size, ring.length - head);
        System.arraycopy(ring, head, larger, 0, first);
        System.arraycopy(ring, 0, larger, first, 2 * size - first);
        ring = larger;
        head = 0;
    }

    /**
     * Leaves one entry in each slice of the window, the last, with the sum of the amounts. At most half of the entries
     * are left.
     */
    private void merge() {
        long slice = Math.max(1, (window + SLICES - 1) / SLICES);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            long time = time(i);
            long amount = amount(i);
            boolean same = kept > 0 && Math.floorDiv(time(kept - 1), slice) == Math.floorDiv(time, slice);
            int target = index(same ? kept - 1 : kept);
            long before = same ? ring[target + 1] : 0;
            ring[target] = time;
            ring[target + 1] = Math128.add(before, amount);
            if (!same) {
                kept++;
            }
        }
        size = kept;
    }

    private int index(int entry) {
        int index = head + 2 * entry;
        return index >= ring.length ? index - ring.length : index;
    }

    private long time(int entry) {
        return ring[index(entry)];
    }

    private long amount(int entry) {
        return ring[index(entry) + 1];
    }

    private static class At extends CellGrant {
        final long time;
        final long micros;

        At(InMemoryRateLimiter owner, Cell cell, ChargeMode mode, long time, long micros) {
            super(owner, cell, mode);
            this.time = time;
            this.micros = micros;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new At(other, cell, mode, time, micros);
        }
    }

    /** What is reserved for a call whose amount is known only at its end. */
    private static final class Afterwards extends At {
        private final Charge charge;

        Afterwards(InMemoryRateLimiter owner, Cell cell, long time, Charge charge) {
            super(owner, cell, charge.mode(), time, charge.amount().micros());
            this.charge = charge;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new Afterwards(other, cell, time, charge);
        }

        @Override
        Charge afterwards() {
            return charge;
        }

        @Override
        boolean isChangedBy(CallOutcome outcome) {
            return true;
        }
    }
}
