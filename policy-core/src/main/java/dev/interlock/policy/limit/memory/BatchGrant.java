package dev.interlock.policy.limit.memory;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitKey;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a batch of several charges took, in the order of the batch, each part with its key. */
final class BatchGrant extends InMemoryReservation {

    final List<LimitKey> keys;
    final List<CellGrant> parts;

    BatchGrant(InMemoryRateLimiter owner, List<LimitKey> keys, List<CellGrant> parts) {
        super(owner);
        this.keys = keys;
        this.parts = parts;
    }

    @Override
    boolean isChangedBy(CallOutcome outcome) {
        for (CellGrant part : parts) {
            if (part.isChangedBy(outcome)) {
                return true;
            }
        }
        return false;
    }

    @Override
    void hold(long wait, LimiterClock clock) {
        for (CellGrant part : parts) {
            part.hold(wait, clock);
        }
    }

    @Override
    void giveBack(CallOutcome outcome, LimiterClock clock) {
        SortedMap<LimitKey, List<CellGrant>> byKey = new TreeMap<>();
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).isChangedBy(outcome)) {
                byKey.computeIfAbsent(keys.get(i), key -> new ArrayList<>()).add(parts.get(i));
            }
        }
        List<Cell> claimed = new ArrayList<>();
        try {
            List<CellGrant> alive = new ArrayList<>();
            for (List<CellGrant> ofKey : byKey.values()) {
                for (CellGrant part : ofKey) {
                    if (claimed.contains(part.cell)) {
                        alive.add(part);
                    } else if (part.cell.claim()) {
                        claimed.add(part.cell);
                        alive.add(part);
                    }
                }
            }
            ClockReading now = clock.read();
            // In reverse order, which is exact if several parts belong to one cell.
            for (int i = alive.size() - 1; i >= 0; i--) {
                alive.get(i).cell.giveBack(alive.get(i), now);
            }
        } finally {
            claimed.forEach(Cell::release);
        }
    }
}
