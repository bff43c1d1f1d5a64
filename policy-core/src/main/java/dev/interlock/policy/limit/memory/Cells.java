package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** All cells by their keys, bounded in number, and how new ones are created. */
final class Cells {

    private static final long PART_OF_A_CALL = 1;

    private final InMemoryRateLimiter owner;
    private final Holdings holdings;

    /** Not a cache: a cache that evicts would drop buckets that aren't full, and so hand out their limits again. */
    private final ConcurrentMap<LimitKey, Cell> cells = new ConcurrentHashMap<>();

    private final Sweeper sweeper = new Sweeper(this);

    /** Whether fresh cells are dropped. */
    private final boolean sweeping;

    /** As many as there are different rules in policies. */
    private final ConcurrentMap<LimitRule.TokenBucket, BucketRate> meters = new ConcurrentHashMap<>();

    private final ConcurrentMap<Window, HighWaterMark> horizons = new ConcurrentHashMap<>();

    Cells(InMemoryRateLimiter owner, long maxKeys) {
        this(owner, maxKeys, true);
    }

    private Cells(InMemoryRateLimiter owner, long maxKeys, boolean sweeping) {
        this.owner = owner;
        this.holdings = new Holdings(maxKeys);
        this.sweeping = sweeping;
    }

    /** The cells of one batch, which a store bounds and drops by itself. */
    static Cells keptElsewhere(InMemoryRateLimiter owner) {
        return new Cells(owner, Integer.MAX_VALUE, false);
    }

    /** Puts a cell in its place, before anything is counted. */
    void put(LimitKey key, Cell cell) {
        cells.put(key, cell);
    }

    long size() {
        return holdings.size();
    }

    @Nullable
    Cell get(LimitKey key) {
        return cells.get(key);
    }

    /**
     * The cell of the charge's key. If the key has none, {@code fresh} is added and returned. Null if there are too
     * many. A caller that adds a cell calls {@link #sweep} after the cell has been charged.
     */
    @Nullable
    Cell add(Charge charge, Cell fresh, ClockReading now) {
        Cell cell = addIfFree(charge, fresh);
        return cell == null && sweeper.makePlace(now) ? addIfFree(charge, fresh) : cell;
    }

    private @Nullable Cell addIfFree(Charge charge, Cell fresh) {
        return cells.computeIfAbsent(charge.key(), key -> {
            fresh.holding = holdings.take(key, charge.caller());
            return fresh.holding == null ? null : fresh;
        });
    }

    /** Checks whether some cells can be dropped, after one has been added. */
    void sweep(ClockReading now) {
        if (sweeping) {
            sweeper.step(now);
        }
    }

    /** Replaces {@code claimed}, which the caller has claimed, by {@code next}. */
    void replace(LimitKey key, Cell claimed, Cell next) {
        next.holding = claimed.holding;
        cells.replace(key, claimed, next);
        sweeper.disturbed();
    }

    /** Notes that something was given back. */
    void returned() {
        sweeper.disturbed();
    }

    Iterable<Map.Entry<LimitKey, Cell>> entries() {
        return cells.entrySet();
    }

    /**
     * Adds a cell on its former account, while no other thread knows the limiter. False if there is no place, or if
     * there is already a cell.
     */
    boolean restore(LimitKey key, Cell cell, Object holder, Holdings.SharedLimit limit) {
        cell.holding = holdings.restore(holder, limit);
        return cell.holding != null && cells.putIfAbsent(key, cell) == null;
    }

    /** Forgets a fresh cell that the caller has claimed. */
    void drop(LimitKey key, Cell claimed, ClockReading now) {
        claimed.forget(now);
        claimed.kill();
        unlink(key, claimed);
    }

    /** Removes a dead cell. Any thread that meets one does so, because the thread that killed it may not be running. */
    void unlink(LimitKey key, Cell dead) {
        Holdings.Holding holding = dead.holding;
        if (cells.remove(key, dead) && holding != null) {
            holdings.giveBack(holding);
        }
    }

    /** A cell for a key that nothing is known of, to count {@code micros} by {@code rule}. */
    Cell fresh(LimitRule rule, long micros, ClockReading now) {
        if (rule instanceof LimitRule.FixedWindow fixed) {
            return FixedWindowCell.fresh(horizon(fixed.window()), now);
        }
        if (rule instanceof LimitRule.SlidingWindow sliding) {
            return new SlidingWindowCell(sliding.window());
        }
        if (rule instanceof LimitRule.Concurrent places) {
            return new PlacesCell(places);
        }
        BucketRate rate = rate((LimitRule.TokenBucket) rule);
        return rate.isSimple(micros) ? new BucketCell(rate, now.nanos()) : new ExactBucketCell(rate, now.nanos(), 0);
    }

    /** A cell for a key that nothing is known of, to count a charge. */
    Cell fresh(Charge charge, ClockReading now) {
        // A bucket of whole calls can't hold more than its max.
        return fresh(
                charge.rule(),
                charge.unchecked() ? PART_OF_A_CALL : charge.amount().micros(),
                now);
    }

    /** Whether a cell can count a charge without a change; if not, see {@link #carry}. */
    boolean counts(Cell cell, Charge charge, ClockReading now) {
        long micros = charge.amount().micros();
        return cell.countsBy(charge.rule(), micros)
                && !(charge.unchecked() && cell instanceof BucketCell && cell.waitFor(charge.rule(), micros, now) != 0);
    }

    /** A cell that counts a charge and continues from the state of {@code old}. */
    Cell carry(Cell old, Charge charge, ClockReading now) {
        return carry(
                old,
                charge.rule(),
                charge.unchecked() ? PART_OF_A_CALL : charge.amount().micros(),
                now);
    }

    /**
     * A cell that counts {@code micros} by {@code rule} and continues from the state of {@code old}. What is used there
     * now counts as if it had been used just now.
     */
    Cell carry(Cell old, LimitRule rule, long micros, ClockReading now) {
        long used = old.used(now);
        Amount max = rule.max();
        boolean fits = max == null || used <= max.micros();
        boolean whole = used % Amount.ONE_MICROS == 0;
        // A bucket of whole calls can't hold parts of calls, or more than its max.
        Cell next = fresh(rule, fits && whole ? micros : PART_OF_A_CALL, now);
        if (used > 0) {
            next.take(owner, rule, used, ChargeMode.SENT, now);
        }
        return next;
    }

    BucketRate rate(LimitRule.TokenBucket rule) {
        return meters.computeIfAbsent(rule, BucketRate::new);
    }

    Iterable<HighWaterMark> horizons() {
        return horizons.values();
    }

    HighWaterMark horizon(Window window) {
        return horizons.computeIfAbsent(window, HighWaterMark::new);
    }
}
