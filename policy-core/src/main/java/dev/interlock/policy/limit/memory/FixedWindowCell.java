package dev.interlock.policy.limit.memory;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;

/**
 * A count that starts from zero at each edge of the calendar.
 *
 * <p><b>Guarantee.</b> The calls that are counted in one window sum up to at most {@code max}, unless an amount was
 * known only afterwards; so at most
 * {@code 2 · max} in an interval as long as the window that spans an edge. A call is counted in the window that the
 * wall clock shows. If the clock has stepped back before the latest window in which this key was ever counted, the call
 * is counted in that latest window: the sequence of windows never goes back, whatever the clock does. Giving back is
 * exact while the window lasts, and does nothing after that.
 *
 * <p><b>Cost.</b> Constant time, 48 bytes. The count does not depend on {@code max}, so a changed {@code max} applies
 * at once, and a probe without one reads the same count.
 *
 * <p>Counters without a {@code max} may grow past the range of a {@code long}. The count then stays at {@link #FULL}
 * until its window ends.
 *
 * <p><b>Source.</b> The fixed-window counter, the usual way to keep quotas.
 */
final class FixedWindowCell extends LockedCell {

    /** A count that is unknown or too large to be held, and is therefore treated as everything. */
    static final long FULL = Long.MAX_VALUE;

    private final HighWaterMark horizon;
    private long start;
    private long end;
    private long used;

    /** Whether a call may still fail that was let through in this window. */
    private boolean watched;

    FixedWindowCell(HighWaterMark horizon, long start, long used) {
        this.horizon = horizon;
        this.start = start;
        this.end = CalendarWindows.end(horizon.window, start);
        this.used = used;
    }

    /** A cell for a key that nothing is known of. */
    static FixedWindowCell fresh(HighWaterMark horizon, ClockReading now) {
        FixedWindowCell cell = new FixedWindowCell(horizon, CalendarWindows.start(horizon.window, now.wall()), 0);
        if (horizon.reached() >= cell.end) {
            cell.used = FULL;
        }
        return cell;
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return rule instanceof LimitRule.FixedWindow fixed && fixed.window().equals(horizon.window);
    }

    @Override
    long waitFor(LimitRule rule, long micros, ClockReading now) {
        var max = ((LimitRule.FixedWindow) rule).max();
        if (max == null || micros == 0) {
            return 0;
        }
        if (micros > max.micros()) {
            return NEVER;
        }
        if (used(now) <= max.micros() - micros) {
            return 0;
        }
        long millis = end - now.wall();
        return millis > Long.MAX_VALUE / 1_000_000 ? NEVER - 1 : millis * 1_000_000;
    }

    @Override
    CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now) {
        begin(now);
        used = Math128.add(used, micros);
        return new InWindow(owner, this, mode, start, micros);
    }

    @Override
    CellGrant watch(InMemoryRateLimiter owner, long micros, ClockReading now) {
        begin(now);
        watched = true;
        return new InWindow(owner, this, ChargeMode.FAILURES, start, micros);
    }

    @Override
    CellGrant holdFor(InMemoryRateLimiter owner, Charge charge, ClockReading now) {
        begin(now);
        watched = true;
        used = Math128.add(used, charge.amount().micros());
        return new Afterwards(owner, this, start, charge);
    }

    /** Begins a new window if the last one has ended. */
    private void begin(ClockReading now) {
        if (now.wall() >= end) {
            start = CalendarWindows.start(horizon.window, now.wall());
            end = CalendarWindows.end(horizon.window, start);
            used = 0;
            watched = false;
        }
    }

    @Override
    void giveBack(CellGrant taken, ClockReading now) {
        InWindow held = (InWindow) taken;
        boolean failures = held.mode == ChargeMode.FAILURES;
        replace(held, failures ? 0 : held.micros, failures ? held.micros : 0);
    }

    @Override
    void replace(CellGrant held, long micros, ClockReading now) {
        InWindow reserved = (InWindow) held;
        replace(reserved, reserved.micros, micros);
    }

    private void replace(InWindow held, long before, long after) {
        if (held.start == start && used != FULL) {
            used = Math128.add(used - before, after);
        }
    }

    @Override
    long used(ClockReading now) {
        return now.wall() >= end ? 0 : used;
    }

    @Override
    boolean isFresh(ClockReading now) {
        return now.wall() >= end
                || (used == 0 && !watched && now.wall() >= start)
                || (used == FULL && now.wall() >= start && horizon.reached() >= end);
    }

    @Override
    long freshWall(ClockReading now) {
        return used == 0 && !watched ? start : end;
    }

    @Override
    void write(LimitKey key, DataOutputStream out, ClockReading now) throws IOException {
        Snapshot.fixed(out, key, horizon.window, start, used);
    }

    @Override
    LimitRule rule() {
        return new LimitRule.FixedWindow(null, horizon.window);
    }

    @Override
    Duration untilFresh(ClockReading now) {
        return Duration.ofMillis(Math.max(0, end - now.wall()));
    }

    /** If the clock is back before the window, the horizon stays: the reset makes room in no other key's window. */
    @Override
    void forgetAtReset(ClockReading now) {
        if (now.wall() >= start) {
            forget(now);
        }
    }

    @Override
    void forget(ClockReading now) {
        horizon.raise(now.wall() >= end ? end : start);
    }

    @Override
    void keep(DataOutputStream out) throws IOException {
        out.writeByte(CellBytes.FIXED);
        CellBytes.write(out, horizon.window);
        out.writeLong(start);
        out.writeLong(used);
        out.writeBoolean(watched);
    }

    @Override
    String kind() {
        return "fixed window";
    }

    static FixedWindowCell kept(CellBytes in) throws IOException {
        HighWaterMark horizon = in.horizon();
        FixedWindowCell cell = new FixedWindowCell(horizon, in.wall(), in.amount());
        cell.watched = in.flag();
        return cell;
    }

    private static class InWindow extends CellGrant {
        final long start;
        final long micros;

        InWindow(InMemoryRateLimiter owner, Cell cell, ChargeMode mode, long start, long micros) {
            super(owner, cell, mode);
            this.start = start;
            this.micros = micros;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new InWindow(other, cell, mode, start, micros);
        }
    }

    /** What is reserved for a call whose amount is known only at its end. */
    private static final class Afterwards extends InWindow {
        private final Charge charge;

        Afterwards(InMemoryRateLimiter owner, Cell cell, long start, Charge charge) {
            super(owner, cell, charge.mode(), start, charge.amount().micros());
            this.charge = charge;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            return new Afterwards(other, cell, start, charge);
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
