package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.time.TimeSource;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts in this process. Thread-safe. Starts no thread, and waits only for other calls that are being counted at the
 * same moment.
 *
 * <p><b>How it is built.</b> Each key has a cell. There is a class for each way of counting: {@link BucketCell} and
 * {@link ExactBucketCell} for token buckets, {@link SlidingWindowCell}, {@link FixedWindowCell}, and {@link
 * PlacesCell} for calls at the same time. Each class
 * documents its guarantee, its cost, and its source. {@link Cells} finds cells by their keys and keeps their number
 * bounded. A {@link Sweeper} drops cells that are back at a fresh start.
 *
 * <p><b>How concurrent calls are kept apart.</b> One thread at a time can <i>claim</i> a cell, for the few instructions
 * that read it and change it. A lone charge to a bucket of whole calls, including one by an {@link BucketHandle}, needs
 * no claim: its cell is one {@code long}, replaced by a compare-and-set. The claim is a bit in that same {@code long},
 * so neither can miss the other. A {@linkplain BatchReservation batch} claims all its cells in the order of their keys
 * before it reads any. The clock is read when the cells are claimed or, without a claim, after the cell was read. So a
 * decision uses a time at which the cell was in the state that was read, and that is the moment at which the call
 * counts as having happened.
 *
 * <p>Cells die when they are dropped, or when they are replaced because their rule has changed. A dead cell is marked
 * as dead, under a claim, before it leaves the map. A thread that found it earlier looks its key up again. So no charge
 * is ever lost on a cell that is no longer in the map.
 *
 * <p><b>Memory.</b> With a million token buckets, a key takes 96 bytes plus the text of its subject: 24 for the key, 32
 * for the cell, 40 for its place in the map. Sliding windows take up to 64 KiB for each key; {@link SlidingWindowCell}
 * says when.
 */
public final class InMemoryRateLimiter implements RateLimiter {

    private final LimiterClock clock;
    private final Cells cells;

    private InMemoryRateLimiter(Builder builder) {
        this.clock = new LimiterClock(builder.time);
        this.cells = new Cells(this, builder.maxKeys);
    }

    /** One for counts that are kept elsewhere: it counts at one moment, in the cells that are put into it. */
    InMemoryRateLimiter(ClockReading moment) {
        this.clock = LimiterClock.standingAt(moment);
        this.cells = Cells.keptElsewhere(this);
    }

    Cells cells() {
        return cells;
    }

    /** Creates a limiter with the clocks of the JVM and room for a million keys. */
    public static InMemoryRateLimiter create() {
        return builder().build();
    }

    /** Starts with the clocks of the JVM and room for a million keys. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Reservation reserve(Batch batch) {
        List<Charge> charges = batch.charges();
        if (charges.size() == 1) {
            return reserve(charges.get(0));
        }
        return new BatchReservation(this, cells, clock, charges).run();
    }

    private Reservation reserve(Charge charge) {
        LimitRule rule = charge.rule();
        long micros = charge.amount().micros();
        long asked = charge.asked().micros();
        if (asked == 0) {
            return new BatchGrant(this, List.of(), List.of(), new int[0]);
        }
        Amount max = rule.max();
        if (max != null && asked > max.micros() && !charge.unchecked()) {
            return Refusals.tooLarge(0);
        }
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                ClockReading now = clock.read();
                Cell fresh = cells.fresh(charge, now);
                long wait = charge.unchecked() ? 0 : fresh.waitFor(rule, asked, now);
                if (wait != 0) {
                    return Refusals.of(0, wait);
                }
                CellGrant taken = fresh.take(this, charge, now);
                cell = cells.add(charge, fresh, now);
                if (cell == null) {
                    return Refusals.tooManyKeys(0);
                }
                if (fresh.equals(cell)) {
                    cells.sweep(now);
                    return taken;
                }
            }
            Reservation answer =
                    cell instanceof BucketCell bucket && bucket.countsBy(rule, micros) && !charge.unchecked()
                            ? bucket.take(this, clock, micros, charge.mode())
                            : reserve(charge, cell);
            if (answer != null) {
                return answer;
            }
            cells.unlink(charge.key(), cell);
        }
    }

    /** Called under a claim. Null if the cell is dead. */
    private @Nullable Reservation reserve(Charge charge, Cell cell) {
        if (!cell.claim()) {
            return null;
        }
        boolean replaced = false;
        try {
            ClockReading now = clock.read();
            Cell target = cells.counts(cell, charge, now) ? cell : cells.carry(cell, charge, now);
            long wait = charge.unchecked()
                    ? 0
                    : target.waitFor(charge.rule(), charge.asked().micros(), now);
            if (wait != 0) {
                return Refusals.of(0, wait);
            }
            CellGrant taken = target.take(this, charge, now);
            if (!target.equals(cell)) {
                cells.replace(charge.key(), cell, target);
                replaced = true;
            }
            return taken;
        } finally {
            if (replaced) {
                cell.kill();
            } else {
                cell.release();
            }
        }
    }

    @Override
    public @Nullable LimitHandle open(String limit, LimitRule rule, Amount amount, ChargeMode mode) {
        if (!(rule instanceof LimitRule.TokenBucket bucket)) {
            return null;
        }
        BucketRate rate = cells.rate(bucket);
        long micros = amount.micros();
        return micros > 0 && micros <= rate.max && rate.isSimple(micros)
                ? new BucketHandle(this, cells, clock, limit, rate, micros, mode)
                : null;
    }

    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (reservation instanceof InMemoryReservation held
                && held.owner.equals(this)
                && held.settle()
                && held.isChangedBy(outcome)) {
            held.end(outcome, spent, clock);
            cells.returned();
        }
    }

    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        if (reservation instanceof InMemoryReservation held && held.owner.equals(this)) {
            held.hold(wait.toNanos(), clock);
        }
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        List<Usage> usages = new ArrayList<>(charges.size());
        Map<LimitKey, Long> before = new HashMap<>();
        for (Charge charge : charges) {
            long asked = before.merge(charge.key(), charge.asked().micros(), Math128::add);
            usages.add(usage(charge, asked));
        }
        return usages;
    }

    private Usage usage(Charge charge, long asked) {
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                ClockReading now = clock.read();
                return usage(charge, asked, cells.fresh(charge.rule(), asked, now), now);
            }
            if (!cell.claim()) {
                cells.unlink(charge.key(), cell);
                continue;
            }
            try {
                return usage(charge, asked, cell, clock.read());
            } finally {
                cell.release();
            }
        }
    }

    private Usage usage(Charge charge, long asked, Cell cell, ClockReading now) {
        LimitRule rule = charge.rule();
        Cell target = cell.countsBy(rule, asked) ? cell : cells.carry(cell, rule, asked, now);
        Amount max = rule.max();
        Amount room = max == null ? null : new Amount(Math.max(0, max.micros() - target.used(now)));
        long wait = charge.asked().micros() == 0 ? 0 : target.waitFor(rule, asked, now);
        return new Usage(
                new Amount(Math.min(cell.shown(now), Amount.MAX.micros())),
                room,
                wait == Cell.NEVER || wait == Cell.UNTIL_RETURNED ? null : Duration.ofNanos(wait));
    }

    /** Returns what is counted now, to be shown to a person or forgotten. */
    public LimitRecords records() {
        return new CountedLimits(cells, clock);
    }

    /**
     * Writes the counts to a file, so that a restarted host doesn't forget a daily budget: see {@link Builder#restore}.
     * The file is replaced atomically: a reader sees either the old snapshot or the new one, complete, even after a
     * crash.
     *
     * <p>Counting may continue meanwhile. If a call is reserved while the file is being written, the file may contain
     * some of its limits and not others. A call that is reserved later is not in the file.
     *
     * <p>The file contains the subjects of keys, such as identities and sessions. Only its owner may read it.
     *
     * @throws IOException if the file can't be written; the old file, if there was one, is still there
     */
    public void snapshot(Path file) throws IOException {
        Snapshot.write(file, cells, clock);
    }

    /** Returns how many keys are counted now, including those that are at a fresh start but not dropped yet. */
    public long keyCount() {
        return cells.size();
    }

    /** Thrown if a file is not a snapshot that can be restored. The message says which file and why. */
    public static final class SnapshotException extends IOException {

        SnapshotException(String message) {
            super(message);
        }
    }

    /** Settings of a limiter. */
    public static final class Builder {

        private static final long DEFAULT_MAX_KEYS = 1_000_000;

        private TimeSource time = TimeSource.system();
        private long maxKeys = DEFAULT_MAX_KEYS;

        private Builder() {}

        /** Sets where time comes from. Fixed windows follow the wall clock, everything else the monotonic clock. */
        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /**
         * Sets how many keys may be counted at the same time. Further keys are refused until some are back at a fresh
         * start. A key is never dropped to make room for another.
         *
         * <p>No caller and no limit gets all of them, so a flood of keys blocks only what its sender may use. One limit
         * holds at most half of them, however many tools it counts separately. Within a limit, a caller gets new keys
         * while it has fewer than a sixteenth of the free ones, and a little more. Callers with an identity and callers
         * without one have separate shares.
         *
         * <p>With fewer than 64 keys, a new key is refused only if none is at a fresh start. With more, it may take
         * {@code maxKeys / 64} refusals until a key at a fresh start is noticed.
         *
         * @param maxKeys at least 1
         */
        public Builder maxKeys(long maxKeys) {
            if (maxKeys < 1) {
                throw new IllegalArgumentException("maxKeys must be at least 1, was " + maxKeys);
            }
            this.maxKeys = maxKeys;
            return this;
        }

        /** Creates a limiter that has counted nothing yet. */
        public InMemoryRateLimiter build() {
            return new InMemoryRateLimiter(this);
        }

        /**
         * Creates a limiter that continues from a {@linkplain InMemoryRateLimiter#snapshot snapshot}. For buckets and
         * sliding windows, the time in between is measured by the wall clock; if that clock has gone back, no time has
         * passed.
         *
         * <p>Only the host knows whether a missing file means a first start or a lost budget:
         *
         * <pre>{@code
         * RateLimiter limiter = Files.exists(file) ? builder.restore(file) : builder.build();
         * }</pre>
         *
         * @throws java.nio.file.NoSuchFileException if the file does not exist
         * @throws SnapshotException if the file is damaged, cut short, of an unknown format or not a snapshot, or has
         *     more keys than {@link #maxKeys}: a limiter that started afresh instead would hand out its limits again
         * @throws IOException if the file can't be read
         */
        public InMemoryRateLimiter restore(Path file) throws IOException {
            InMemoryRateLimiter limiter = build();
            Snapshot.read(file, limiter.cells, limiter.clock);
            return limiter;
        }
    }
}
