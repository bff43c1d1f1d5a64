package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reserves several charges together, in two phases. First it claims every cell, in the order of the keys, so that no
 * two batches wait for each other in a circle. Then it checks all charges and, if all have room, takes all of them.
 * Then it releases the cells. Any other thread that wants one of the cells waits until then, so no thread sees a
 * half-finished batch. The clock is read while all cells are claimed, and that is the moment at which the whole batch
 * happens.
 */
final class BatchReservation {

    private final InMemoryRateLimiter owner;
    private final Cells cells;
    private final LimiterClock clock;

    private final SortedMap<LimitKey, Slot> slots = new TreeMap<>();
    private final List<Part> parts = new ArrayList<>();

    /** How many keys are new and got a place. */
    private int added;

    BatchReservation(InMemoryRateLimiter owner, Cells cells, LimiterClock clock, List<Charge> charges) {
        this.owner = owner;
        this.cells = cells;
        this.clock = clock;
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            if (charge.asked().micros() > 0) {
                Slot slot = slots.computeIfAbsent(charge.key(), key -> new Slot(charge));
                parts.add(new Part(i, charge, slot));
            }
        }
    }

    /** A key of the batch. */
    private static final class Slot {
        final Charge first;

        /** Claimed; or created for this batch and without a place. */
        @Nullable
        Cell cell;

        /** Whether the key is new. */
        boolean isNew;

        /** Whether a place was found for the key, or existed before. */
        boolean isHome;

        /** The sum of the batch's charges to the key, up to the current one. */
        long asked;

        Slot(Charge first) {
            this.first = first;
        }

        LimitKey key() {
            return first.key();
        }

        Cell cell() {
            if (cell == null) {
                throw new IllegalStateException("not looked up yet");
            }
            return cell;
        }
    }

    /** A charge of more than nothing. */
    private record Part(int index, Charge charge, Slot slot) {

        LimitRule rule() {
            return charge.rule();
        }
    }

    Reservation run() {
        boolean granted = false;
        try {
            for (Slot slot : slots.values()) {
                claim(slot);
            }
            ClockReading now = clock.read();
            Reservation refused = refusal(now);
            if (refused != null) {
                return refused;
            }
            Reservation reservation = take(now);
            granted = true;
            return reservation;
        } finally {
            for (Slot slot : slots.values()) {
                letGo(slot, granted);
            }
            for (int i = 0; i < added; i++) {
                cells.sweep(clock.read());
            }
        }
    }

    private void claim(Slot slot) {
        while (true) {
            Cell cell = cells.get(slot.key());
            if (cell == null) {
                ClockReading now = clock.read();
                Cell fresh = cells.fresh(slot.first, now);
                // No other thread has it yet. It is claimed before others see it, so that the sweep leaves it alone.
                fresh.claim();
                cell = cells.add(slot.first, fresh, now);
                if (cell == null || fresh.equals(cell)) {
                    slot.isNew = true;
                    slot.isHome = fresh.equals(cell);
                    added += slot.isHome ? 1 : 0;
                    slot.cell = fresh;
                    return;
                }
            }
            if (cell.claim()) {
                slot.isHome = true;
                slot.cell = cell;
                return;
            }
            cells.unlink(slot.key(), cell);
        }
    }

    private @Nullable Reservation refusal(ClockReading now) {
        int places = added;
        boolean homeless = false;
        for (Part part : parts) {
            Slot slot = part.slot;
            if (slot.isNew && slot.asked == 0 && --places < 0) {
                return Refusals.tooManyKeys(part.index);
            }
            homeless |= !slot.isHome;
            slot.asked = Math128.add(slot.asked, part.charge.asked().micros());
            if (part.charge.unchecked()) {
                continue;
            }
            Cell target = slot.cell().countsBy(part.rule(), slot.asked)
                    ? slot.cell()
                    : cells.carry(slot.cell(), part.rule(), slot.asked, now);
            long wait = target.waitFor(part.rule(), slot.asked, now);
            if (wait != 0) {
                return Refusals.of(part.index, wait);
            }
        }
        if (homeless) {
            throw new IllegalStateException("a key without a place was not refused");
        }
        return null;
    }

    private Reservation take(ClockReading now) {
        List<LimitKey> keys = new ArrayList<>(parts.size());
        List<CellGrant> taken = new ArrayList<>(parts.size());
        int[] positions = new int[parts.size()];
        // Changes come first, so that everything taken for a key is taken from the cell that stays.
        for (Part part : parts) {
            change(part, now);
        }
        for (Part part : parts) {
            change(part, now);
            positions[taken.size()] = part.index;
            keys.add(part.slot.key());
            taken.add(part.slot.cell().take(owner, part.charge, now));
        }
        return new BatchGrant(owner, keys, taken, positions);
    }

    /** Replaces the slot's cell if its rule has changed. */
    private void change(Part part, ClockReading now) {
        Slot slot = part.slot;
        Cell old = slot.cell();
        if (!cells.counts(old, part.charge, now)) {
            Cell next = cells.carry(old, part.charge, now);
            next.claim();
            cells.replace(slot.key(), old, next);
            old.kill();
            slot.cell = next;
        }
    }

    private void letGo(Slot slot, boolean granted) {
        Cell cell = slot.cell;
        if (cell == null) {
            return;
        }
        if (slot.isNew && !granted) {
            cell.kill();
            cells.unlink(slot.key(), cell);
        } else {
            cell.release();
        }
    }
}
