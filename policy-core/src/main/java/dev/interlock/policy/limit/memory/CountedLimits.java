package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRecords;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Shows and forgets what a limiter in memory has counted. A listing looks at each cell by itself, so it is no picture
 * of one moment.
 *
 * <p>A reset kills the key's cell, under a claim, as the sweep does with a cell that is fresh. Whatever a call under
 * way took is a part of that cell, so what it gives back finds a dead one and changes nothing.
 */
final class CountedLimits implements LimitRecords {

    private final Cells cells;
    private final LimiterClock clock;

    CountedLimits(Cells cells, LimiterClock clock) {
        this.cells = cells;
        this.clock = clock;
    }

    @Override
    public List<LimitRecord> list(@Nullable LimitKey after, int most) {
        TreeMap<LimitKey, LimitRecord> first = new TreeMap<>();
        for (Map.Entry<LimitKey, Cell> entry : cells.entries()) {
            LimitKey key = entry.getKey();
            boolean belongs = after == null || key.compareTo(after) > 0;
            boolean near = first.size() < most || key.compareTo(first.lastKey()) < 0;
            LimitRecord counted = belongs && near ? record(key, entry.getValue()) : null;
            if (counted != null) {
                first.put(key, counted);
                if (first.size() > most) {
                    first.pollLastEntry();
                }
            }
        }
        return List.copyOf(first.values());
    }

    /** What is counted there; null if nothing is. */
    private @Nullable LimitRecord record(LimitKey key, Cell found) {
        Cell cell = found;
        while (!cell.claim()) {
            cells.unlink(key, cell);
            Cell next = cells.get(key);
            if (next == null) {
                return null;
            }
            cell = next;
        }
        try {
            ClockReading now = clock.read();
            return cell.isFresh(now) ? null : cell.record(key, now);
        } finally {
            cell.release();
        }
    }

    @Override
    public boolean reset(LimitKey key) {
        while (true) {
            Cell cell = cells.get(key);
            if (cell == null) {
                return false;
            }
            if (cell.claim()) {
                ClockReading now = clock.read();
                boolean counted = !cell.isFresh(now);
                cell.forgetAtReset(now);
                cell.kill();
                cells.unlink(key, cell);
                return counted;
            }
            cells.unlink(key, cell);
        }
    }
}
