package dev.interlock.policy.limit;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to reserve several charges, in two phases: every cell is claimed, in the order of the keys so that no two
 * batches wait for each other in a circle; then all charges are looked at, and if all have room, all are taken; then the
 * cells are let go. Whoever else wants one of them waits until then, so nobody sees a batch half done, and the moment at
 * which the clock is read, with all cells claimed, is the moment at which the whole batch happens.
 */
final class BatchReservation {

    private final InMemoryRateLimiter owner;
    private final Cells cells;
    private final Ticker ticker;

    private final SortedMap<LimitKey, Slot> slots = new TreeMap<>();
    private final List<Part> parts = new ArrayList<>();

    /** The first charge whose key is new while there are too many keys; or -1. */
    private int homeless = -1;

    BatchReservation(InMemoryRateLimiter owner, Cells cells, Ticker ticker) {
        this.owner = owner;
        this.cells = cells;
        this.ticker = ticker;
    }

    /** A key of the batch. */
    private static final class Slot {
        final LimitKey key;
        final Cell cell;

        /** Whether the cell was made for this batch. */
        final boolean added;

        /** What counts from now on: the cell, or what replaces it because the rule has changed. */
        Cell current;

        /** What the batch's charges to the key, up to the one that is looked at, sum up to. */
        long asked;

        Slot(LimitKey key, Cell cell, boolean added) {
            this.key = key;
            this.cell = cell;
            this.added = added;
            this.current = cell;
        }
    }

    /** A charge of more than nothing. */
    private record Part(int index, Charge charge, Slot slot) {

        long micros() {
            return charge.amount().micros();
        }
    }

    /** Null if one of the cells died meanwhile, so that another attempt must be made. */
    @Nullable
    Reservation attempt(List<Charge> charges) {
        lookUp(charges);
        if (!claim()) {
            return null;
        }
        Moment now = ticker.read();
        boolean granted = false;
        try {
            Reservation refused = refusal(now);
            if (refused != null) {
                return refused;
            }
            granted = true;
            return take(now);
        } finally {
            for (Slot slot : slots.values()) {
                letGo(slot, granted, now);
            }
            for (Slot slot : slots.values()) {
                if (slot.added) {
                    cells.sweep(now);
                }
            }
        }
    }

    private void lookUp(List<Charge> charges) {
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            if (charge.amount().micros() == 0) {
                continue;
            }
            Slot slot = slots.get(charge.key());
            if (slot == null) {
                slot = slot(charge);
                if (slot == null) {
                    homeless = i;
                    return;
                }
                slots.put(slot.key, slot);
            }
            parts.add(new Part(i, charge, slot));
        }
    }

    private @Nullable Slot slot(Charge charge) {
        Cell cell = cells.get(charge.key());
        if (cell != null) {
            return new Slot(charge.key(), cell, false);
        }
        Moment now = ticker.read();
        Cell fresh = cells.fresh(charge.rule(), charge.amount().micros(), now);
        cell = cells.add(charge.key(), fresh, now);
        return cell == null ? null : new Slot(charge.key(), cell, cell == fresh);
    }

    /** Claims all, or none if one is dead. */
    private boolean claim() {
        List<Cell> claimed = new ArrayList<>(slots.size());
        for (Slot slot : slots.values()) {
            if (!slot.cell.claim()) {
                claimed.forEach(Cell::release);
                cells.unlink(slot.key, slot.cell);
                return false;
            }
            claimed.add(slot.cell);
        }
        return true;
    }

    private @Nullable Reservation refusal(Moment now) {
        for (Part part : parts) {
            LimitRule rule = part.charge.rule();
            Slot slot = part.slot;
            slot.asked = Wide.add(slot.asked, part.micros());
            Cell target =
                    slot.cell.countsBy(rule, slot.asked) ? slot.cell : cells.carry(slot.cell, rule, slot.asked, now);
            long wait = target.waitFor(rule, slot.asked, now);
            if (wait != 0) {
                return Refusals.of(part.index, wait);
            }
        }
        return homeless < 0 ? null : Refusals.tooManyKeys(homeless);
    }

    private Reservation take(Moment now) {
        List<LimitKey> keys = new ArrayList<>(parts.size());
        List<Taken> taken = new ArrayList<>(parts.size());
        // First the changes, so that all that is taken of a key is taken of the cell that stays.
        for (Part part : parts) {
            change(part, now);
        }
        for (Part part : parts) {
            Slot slot = part.slot;
            change(part, now);
            keys.add(slot.key);
            taken.add(slot.current.take(owner, part.micros(), part.charge.mode(), now));
        }
        return new Held.Several(owner, keys, taken);
    }

    private void change(Part part, Moment now) {
        Slot slot = part.slot;
        if (!slot.current.countsBy(part.charge.rule(), part.micros())) {
            slot.current = cells.carry(slot.current, part.charge.rule(), part.micros(), now);
        }
    }

    private void letGo(Slot slot, boolean granted, Moment now) {
        if (slot.current != slot.cell) {
            cells.replace(slot.key, slot.cell, slot.current);
            slot.cell.kill();
        } else if (!granted && slot.added && slot.cell.isFresh(now)) {
            cells.drop(slot.key, slot.cell, now);
        } else {
            slot.cell.release();
        }
    }
}
