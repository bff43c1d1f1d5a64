package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitKey;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a batch of several charges took, in the order of the batch, each part with its key. */
final class BatchGrant extends InMemoryReservation {

    final List<LimitKey> keys;
    final List<CellGrant> parts;

    /** For each part, its position in the batch. */
    final int[] positions;

    BatchGrant(InMemoryRateLimiter owner, List<LimitKey> keys, List<CellGrant> parts, int[] positions) {
        super(owner);
        this.keys = keys;
        this.parts = parts;
        this.positions = positions;
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
    void end(CallOutcome outcome, List<@Nullable Amount> spent, LimiterClock clock) {
        SortedMap<LimitKey, List<Integer>> byKey = new TreeMap<>();
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).isChangedBy(outcome)) {
                byKey.computeIfAbsent(keys.get(i), key -> new ArrayList<>()).add(i);
            }
        }
        List<Cell> claimed = new ArrayList<>();
        try {
            List<Integer> alive = new ArrayList<>();
            for (List<Integer> ofKey : byKey.values()) {
                for (Integer part : ofKey) {
                    Cell cell = parts.get(part).cell;
                    if (claimed.contains(cell)) {
                        alive.add(part);
                    } else if (cell.claim()) {
                        claimed.add(cell);
                        alive.add(part);
                    }
                }
            }
            ClockReading now = clock.read();
            // In reverse order, which is exact if several parts belong to one cell.
            for (int i = alive.size() - 1; i >= 0; i--) {
                CellGrant part = parts.get(alive.get(i));
                part.cell.end(part, outcome, at(positions[alive.get(i)], spent), now);
            }
        } finally {
            claimed.forEach(Cell::release);
        }
    }
}
