package dev.interlock.policy.limit.memory;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The calls that are under way, each with a place.
 *
 * <p><b>Guarantee.</b> At no moment do more than {@code max} calls have a place. A place is free when its call is
 * settled, or when its lease has ended: at that moment, not later. Each is freed once, since it is an object of its
 * own. The clock is the monotonic one.
 *
 * <p><b>Cost.</b> 72 bytes for each call that is under way. Taking a place and giving it back take constant time. Ended
 * leases are looked for only when the first of them may have ended, in time linear in the places.
 *
 * <p>Places end with the process, because its calls do. A {@link Snapshot} leaves them out.
 */
final class PlacesCell extends LockedCell {

    /** The end of a list that is linked in both directions. */
    private @Nullable Place last;

    private long taken;

    /** The rule that it was last counted by. */
    private LimitRule rule;

    /** No lease ends before this. */
    private long firstEnd = Long.MAX_VALUE;

    PlacesCell(LimitRule.Concurrent rule) {
        this.rule = rule;
    }

    @Override
    boolean countsBy(LimitRule rule, long micros) {
        return rule instanceof LimitRule.Concurrent;
    }

    @Override
    long waitFor(LimitRule rule, long micros, ClockReading now) {
        long max = ((LimitRule.Concurrent) rule).max().micros();
        if (micros == 0) {
            return 0;
        }
        if (micros > max) {
            return NEVER;
        }
        expire(now.nanos());
        return taken <= max - micros ? 0 : UNTIL_RETURNED;
    }

    @Override
    CellGrant take(InMemoryRateLimiter owner, LimitRule rule, long micros, ChargeMode mode, ClockReading now) {
        expire(now.nanos());
        long lease = ((LimitRule.Concurrent) rule).lease().toNanos();
        Place place = new Place(owner, this, mode, micros, lease);
        link(place, now.nanos() + lease);
        return place;
    }

    private void link(Place place, long ends) {
        place.ends = ends;
        place.before = last;
        if (last != null) {
            last.after = place;
        }
        last = place;
        place.linked = true;
        taken = Math128.add(taken, place.micros);
        firstEnd = Math.min(firstEnd, place.ends);
    }

    @Override
    void giveBack(CellGrant held, ClockReading now) {
        Place place = own((Place) held);
        if (place != null) {
            unlink(place);
        }
    }

    /** The place in this cell: in one that was kept and read since, it is another object. */
    private @Nullable Place own(Place held) {
        if (held.cell.equals(this)) {
            return held;
        }
        Place place = last;
        while (place != null && place.id != held.id) {
            place = place.before;
        }
        return place;
    }

    /** Lets the lease of a place begin {@code wait} after {@code now}. One that has ended stays so. */
    void hold(CellGrant held, long wait, long now) {
        expire(now);
        Place place = own((Place) held);
        if (place != null && place.linked) {
            place.ends = now + wait + place.lease;
            firstEnd = Math.min(firstEnd, place.ends);
        }
    }

    private void unlink(Place place) {
        if (!place.linked) {
            return;
        }
        Place before = place.before;
        Place after = place.after;
        if (before != null) {
            before.after = after;
        }
        if (after != null) {
            after.before = before;
        } else {
            last = before;
        }
        place.linked = false;
        place.before = null;
        place.after = null;
        taken -= place.micros;
        if (last == null) {
            firstEnd = Long.MAX_VALUE;
        }
    }

    /** Frees the places whose leases have ended. */
    private void expire(long now) {
        if (now < firstEnd) {
            return;
        }
        long first = Long.MAX_VALUE;
        Place place = last;
        while (place != null) {
            Place before = place.before;
            if (place.ends <= now) {
                unlink(place);
            } else {
                first = Math.min(first, place.ends);
            }
            place = before;
        }
        firstEnd = first;
    }

    @Override
    long used(ClockReading now) {
        expire(now.nanos());
        return taken;
    }

    @Override
    boolean isFresh(ClockReading now) {
        expire(now.nanos());
        return taken == 0;
    }

    @Override
    long freshNanos(ClockReading now) {
        return taken == 0 ? now.nanos() : firstEnd;
    }

    @Override
    void countedBy(LimitRule rule) {
        this.rule = rule;
    }

    @Override
    LimitRule rule() {
        return rule;
    }

    /** When the last lease has ended: no call gives its place back later. */
    @Override
    Duration untilFresh(ClockReading now) {
        long latest = now.nanos();
        for (Place place = last; place != null; place = place.before) {
            latest = Math.max(latest, place.ends);
        }
        return Duration.ofNanos(latest - now.nanos());
    }

    @Override
    boolean isLasting() {
        return false;
    }

    @Override
    void write(LimitKey key, DataOutputStream out, ClockReading now) {
        throw new IllegalStateException("calls that are under way end with the process");
    }

    @Override
    void keep(DataOutputStream out) throws IOException {
        LimitRule.Concurrent counted = (LimitRule.Concurrent) rule;
        out.writeByte(CellBytes.PLACES);
        out.writeLong(counted.max().micros());
        out.writeLong(counted.lease().toNanos());
        // From the last to the first; they are linked in the reverse order, which means nothing.
        int count = 0;
        for (Place place = last; place != null; place = place.before) {
            count++;
        }
        out.writeInt(count);
        for (Place place = last; place != null; place = place.before) {
            out.writeLong(place.id());
            out.writeLong(place.micros);
            out.writeLong(place.lease);
            out.writeLong(place.ends);
        }
    }

    @Override
    String kind() {
        return "concurrent calls";
    }

    static PlacesCell kept(CellBytes in) throws IOException {
        PlacesCell cell = new PlacesCell(new LimitRule.Concurrent(in.max(), in.length()));
        for (int left = in.count(CellBytes.MOST); left > 0; left--) {
            long id = in.id();
            Place place = new Place(
                    in.owner(), cell, ChargeMode.SENT, in.amount(), in.length().toNanos());
            place.id = id;
            cell.link(place, in.time());
        }
        return cell;
    }

    /** The place of one call. Its fields are used only while its cell is claimed. */
    private static final class Place extends CellGrant {
        final long micros;
        final long lease;

        /** By which it is found where it is kept; 0 if it has none yet. */
        long id;

        long ends;
        boolean linked;

        @Nullable
        Place before;

        @Nullable
        Place after;

        Place(InMemoryRateLimiter owner, Cell cell, ChargeMode mode, long micros, long lease) {
            super(owner, cell, mode);
            this.micros = micros;
            this.lease = lease;
        }

        long id() {
            while (id == 0) {
                id = CellBytes.newId();
            }
            return id;
        }

        @Override
        CellGrant on(InMemoryRateLimiter other, Cell cell) {
            Place same = new Place(other, cell, mode, micros, lease);
            same.id = id();
            return same;
        }

        @Override
        boolean isLeased() {
            return true;
        }

        @Override
        boolean isChangedBy(CallOutcome outcome) {
            return true;
        }

        @Override
        void hold(long wait, LimiterClock clock) {
            if (!cell.claim()) {
                return;
            }
            try {
                ((PlacesCell) cell).hold(this, wait, clock.nanos());
            } finally {
                cell.release();
            }
        }
    }
}
