package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** All cells by their keys, at most so many of them, and how new ones are made. */
final class Cells {

    private static final long PART_OF_A_CALL = 1;

    private final InMemoryRateLimiter owner;
    private final Holdings holdings;

    /** No cache: one that evicts would drop buckets that aren't full, which hands their limits back. */
    private final ConcurrentMap<LimitKey, Cell> cells = new ConcurrentHashMap<>();

    private final Sweeper sweeper = new Sweeper(this);

    /** As many as there are different rules in policies. */
    private final ConcurrentMap<LimitRule.TokenBucket, Meter> meters = new ConcurrentHashMap<>();

    private final ConcurrentMap<Window, Horizon> horizons = new ConcurrentHashMap<>();

    Cells(InMemoryRateLimiter owner, long maxKeys) {
        this.owner = owner;
        this.holdings = new Holdings(maxKeys);
    }

    long size() {
        return holdings.size();
    }

    @Nullable
    Cell get(LimitKey key) {
        return cells.get(key);
    }

    /**
     * The cell of the charge's key; if it has none, {@code fresh}, which is put there; null if there are too many. Whoever
     * adds one calls {@link #sweep} when it has been charged.
     */
    @Nullable
    Cell add(Charge charge, Cell fresh, Moment now) {
        Cell cell = addIfFree(charge, fresh);
        return cell == null && sweeper.makePlace(now) ? addIfFree(charge, fresh) : cell;
    }

    private @Nullable Cell addIfFree(Charge charge, Cell fresh) {
        return cells.computeIfAbsent(charge.key(), key -> {
            fresh.holding = holdings.take(key, charge.caller());
            return fresh.holding == null ? null : fresh;
        });
    }

    /** Looks whether some cells can be dropped, after one has been added. */
    void sweep(Moment now) {
        sweeper.step(now);
    }

    /** Puts {@code next} in the place of {@code claimed}, which the caller has claimed. */
    void replace(LimitKey key, Cell claimed, Cell next) {
        next.holding = claimed.holding;
        cells.replace(key, claimed, next);
        sweeper.disturbed();
    }

    /** Something was given back. */
    void returned() {
        sweeper.disturbed();
    }

    Iterable<Map.Entry<LimitKey, Cell>> entries() {
        return cells.entrySet();
    }

    /**
     * Puts a cell there while nobody else knows the limiter, on the account that it was on; false if there is no place, or a
     * cell already.
     */
    boolean restore(LimitKey key, Cell cell, Object holder, Holdings.Limit limit) {
        cell.holding = holdings.restore(holder, limit);
        return cell.holding != null && cells.putIfAbsent(key, cell) == null;
    }

    /** Forgets a cell that the caller has claimed and that is fresh. */
    void drop(LimitKey key, Cell claimed, Moment now) {
        claimed.forget(now);
        claimed.kill();
        unlink(key, claimed);
    }

    /** Takes out a cell that is dead. Whoever meets one does, since its killer may not be running. */
    void unlink(LimitKey key, Cell dead) {
        Holdings.Holding holding = dead.holding;
        if (cells.remove(key, dead) && holding != null) {
            holdings.giveBack(holding);
        }
    }

    /** The cell of a key that nothing is known of, to count {@code micros} by {@code rule}. */
    Cell fresh(LimitRule rule, long micros, Moment now) {
        if (rule instanceof LimitRule.FixedWindow fixed) {
            return FixedWindowCell.fresh(horizon(fixed.window()), now);
        }
        if (rule instanceof LimitRule.SlidingWindow sliding) {
            return new SlidingWindowCell(sliding.window());
        }
        Meter meter = meter((LimitRule.TokenBucket) rule);
        return meter.isSimple(micros) ? new BucketCell(meter, now.nanos()) : new ExactBucketCell(meter, now.nanos(), 0);
    }

    /**
     * A cell that counts {@code micros} by {@code rule} and goes on from where {@code old} stands: what is used there now
     * counts as if it had been used just now.
     */
    Cell carry(Cell old, LimitRule rule, long micros, Moment now) {
        long used = old.used(now);
        Amount max = rule.max();
        boolean fits = max == null || used <= max.micros();
        boolean whole = used % Amount.ONE_MICROS == 0;
        // A bucket of whole calls can't hold parts of calls, or more than its max.
        Cell next = fresh(rule, fits && whole ? micros : PART_OF_A_CALL, now);
        if (used > 0) {
            next.take(owner, used, ChargeMode.SENT, now);
        }
        return next;
    }

    Meter meter(LimitRule.TokenBucket rule) {
        return meters.computeIfAbsent(rule, Meter::new);
    }

    Iterable<Horizon> horizons() {
        return horizons.values();
    }

    Horizon horizon(Window window) {
        return horizons.computeIfAbsent(window, Horizon::new);
    }
}
