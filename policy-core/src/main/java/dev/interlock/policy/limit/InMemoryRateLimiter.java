package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
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
 * Counts in this process. Thread-safe; has no thread of its own, and waits for nothing but other calls that are being
 * counted at the same moment.
 *
 * <p><b>How it is built.</b> Each key has a cell, of a class for each way of counting: {@link BucketCell} and {@link
 * ExactBucketCell} for token buckets, {@link SlidingWindowCell}, {@link FixedWindowCell}. Each of them states what it
 * guarantees, what it costs, and where it comes from. {@link Cells} finds them by their keys and sees to it that there are
 * never too many; a {@link Sweeper} drops those that are back at a fresh start.
 *
 * <p><b>How calls that come at once are kept apart.</b> A cell can be <i>claimed</i> by one thread, for the few
 * instructions that look at it and change it. A lone charge to a bucket of whole calls, also by an {@link OpenBucket}, needs no claim: its cell is one
 * {@code long}, replaced by a compare-and-set, and the claim is a bit in that same {@code long}, so that neither can
 * overlook the other. A {@linkplain BatchReservation batch} claims all its cells in the order of their keys before it looks at
 * any. The clock is read when the cells are claimed, or, without a claim, after the cell was read; so a decision is made
 * on a time at which the cell stood as it was seen, and that is the moment at which the call counts as having happened.
 *
 * <p>Cells die: when they are dropped, or replaced because their rule has changed. A dead cell is marked so, under a claim,
 * before it leaves the map; whoever reached it before looks its key up again. So no charge is ever lost on a cell
 * that nobody will look at again.
 *
 * <p><b>Memory.</b> At a million token buckets a key takes 96 bytes besides the text of its subject: 24 for the key, 32
 * for the cell, 40 for its place in the map. Sliding windows take up to 64 KiB a key, {@link SlidingWindowCell} says when.
 */
public final class InMemoryRateLimiter implements RateLimiter {

    private final Ticker ticker;
    private final Cells cells;

    private InMemoryRateLimiter(Builder builder) {
        this.ticker = new Ticker(builder.time);
        this.cells = new Cells(this, builder.maxKeys);
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
        return new BatchReservation(this, cells, ticker, charges).run();
    }

    private Reservation reserve(Charge charge) {
        LimitRule rule = charge.rule();
        long micros = charge.amount().micros();
        if (micros == 0) {
            return new Held.Several(this, List.of(), List.of());
        }
        Amount max = rule.max();
        if (max != null && micros > max.micros()) {
            return Refusals.tooLarge(0);
        }
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                Moment now = ticker.read();
                Cell fresh = cells.fresh(rule, micros, now);
                long wait = fresh.waitFor(rule, micros, now);
                if (wait != 0) {
                    return Refusals.of(0, wait);
                }
                Taken taken = fresh.take(this, micros, charge.mode(), now);
                cell = cells.add(charge, fresh, now);
                if (cell == null) {
                    return Refusals.tooManyKeys(0);
                }
                if (fresh.equals(cell)) {
                    cells.sweep(now);
                    return taken;
                }
            }
            Reservation answer = cell instanceof BucketCell bucket && bucket.countsBy(rule, micros)
                    ? bucket.take(this, ticker, micros, charge.mode())
                    : reserve(charge, cell);
            if (answer != null) {
                return answer;
            }
            cells.unlink(charge.key(), cell);
        }
    }

    /** Under a claim; null if the cell is dead. */
    private @Nullable Reservation reserve(Charge charge, Cell cell) {
        if (!cell.claim()) {
            return null;
        }
        boolean replaced = false;
        try {
            LimitRule rule = charge.rule();
            long micros = charge.amount().micros();
            Moment now = ticker.read();
            Cell target = cell.countsBy(rule, micros) ? cell : cells.carry(cell, rule, micros, now);
            long wait = target.waitFor(rule, micros, now);
            if (wait != 0) {
                return Refusals.of(0, wait);
            }
            Taken taken = target.take(this, micros, charge.mode(), now);
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
    public @Nullable OpenBucket open(String limit, LimitRule rule, Amount amount, ChargeMode mode) {
        if (!(rule instanceof LimitRule.TokenBucket bucket)) {
            return null;
        }
        Meter meter = cells.meter(bucket);
        long micros = amount.micros();
        return micros > 0 && micros <= meter.max && meter.isSimple(micros)
                ? new OpenBucket(this, cells, ticker, limit, meter, micros, mode)
                : null;
    }

    @Override
    public void settle(Reservation.Granted reservation, Settlement outcome) {
        if (reservation instanceof Held held && held.owner.equals(this) && held.settle() && givesBack(outcome)) {
            held.giveBack(outcome, ticker);
            cells.returned();
        }
    }

    private static boolean givesBack(Settlement outcome) {
        return outcome.givesBack(ChargeMode.SUCCESS) || outcome.givesBack(ChargeMode.SENT);
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        List<Usage> usages = new ArrayList<>(charges.size());
        Map<LimitKey, Long> before = new HashMap<>();
        for (Charge charge : charges) {
            long asked = before.merge(charge.key(), charge.amount().micros(), Wide::add);
            usages.add(usage(charge, asked));
        }
        return usages;
    }

    private Usage usage(Charge charge, long asked) {
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                Moment now = ticker.read();
                return usage(charge, asked, cells.fresh(charge.rule(), asked, now), now);
            }
            if (!cell.claim()) {
                cells.unlink(charge.key(), cell);
                continue;
            }
            try {
                return usage(charge, asked, cell, ticker.read());
            } finally {
                cell.release();
            }
        }
    }

    private Usage usage(Charge charge, long asked, Cell cell, Moment now) {
        LimitRule rule = charge.rule();
        Cell target = cell.countsBy(rule, asked) ? cell : cells.carry(cell, rule, asked, now);
        Amount max = rule.max();
        Amount room = max == null ? null : new Amount(Math.max(0, max.micros() - target.used(now)));
        long wait = charge.amount().micros() == 0 ? 0 : target.waitFor(rule, asked, now);
        return new Usage(
                new Amount(Math.min(cell.shown(now), Amount.MAX.micros())),
                room,
                wait == Cell.NEVER ? null : Duration.ofNanos(wait));
    }

    /**
     * Writes the counts to a file, so that a restarted host doesn't forget a daily budget: see {@link Builder#restore}.
     * The file is replaced atomically: whoever reads it finds the old snapshot or the new one, whole, also after a crash.
     *
     * <p>It is safe to go on counting meanwhile. A call that is reserved while the file is written may be in it with some of
     * its limits and not with others; one that is reserved later isn't.
     *
     * <p>The file has the subjects of keys in it, such as identities and sessions, and only its owner may read it.
     *
     * @throws IOException if it can't be written; the old file, if there was one, is still there
     */
    public void snapshot(Path file) throws IOException {
        Snapshot.write(file, cells, ticker);
    }

    /** How many keys are counted now, those included that are at a fresh start and not dropped yet. */
    public long keyCount() {
        return cells.size();
    }

    /** A file is not a snapshot that can be restored. Its message says which file and why. */
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

        /** Where time comes from. Fixed windows follow the wall clock, everything else the monotonic one. */
        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /**
         * How many keys may be counted at once; further ones are refused until some are back at a fresh start. A key is never
         * dropped for another's sake.
         *
         * <p>Nobody gets them all, so that a flood of keys shuts only what its sender may use. One limit, whatever the tools that it
         * counts apart, holds half of them at most; in it a caller gets new ones while it has fewer than a sixteenth of those that are
         * free, and a little more. The keys of callers with an identity and of those without are shared out apart.
         *
         * <p>With fewer than 64, a new key is refused only if none is at a fresh start. With more it may take {@code maxKeys /
         * 64} refusals until one that is gets noticed.
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

        /** A limiter that has counted nothing yet. */
        public InMemoryRateLimiter build() {
            return new InMemoryRateLimiter(this);
        }

        /**
         * A limiter that goes on from a {@linkplain InMemoryRateLimiter#snapshot snapshot}. Buckets and sliding windows take
         * the time between by the wall clock; if that has gone back, no time has passed.
         *
         * <p>Whether a missing file means a first start or a lost budget is for the host to know:
         *
         * <pre>{@code
         * RateLimiter limiter = Files.exists(file) ? builder.restore(file) : builder.build();
         * }</pre>
         *
         * @throws java.nio.file.NoSuchFileException if there is no such file
         * @throws SnapshotException if the file is damaged, cut short, of an unknown format, or no snapshot at all, or has
         *     more keys than {@link #maxKeys}: a limiter that starts afresh in its stead would hand limits back
         * @throws IOException if the file can't be read
         */
        public InMemoryRateLimiter restore(Path file) throws IOException {
            InMemoryRateLimiter limiter = build();
            Snapshot.read(file, limiter.cells, limiter.ticker);
            return limiter;
        }
    }
}
