package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.LimitKey;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Finds cells that are back at a fresh start and drops them, a few at a time, on the threads that add new keys:
 * {@value #AT_ADDITION} for each key that is added, and up to {@value #AT_BOUND} for each key that finds no place. So a
 * new key costs constant time, and the sweeper needs no thread.
 *
 * <p>At the bound, a new key may be refused although another key could have been dropped, because the sweep has not
 * reached it yet. A full sweep takes at most {@code maxKeys / }{@value #AT_BOUND} refusals. With fewer than
 * {@value #AT_BOUND} keys, no key is refused wrongly. After a full sweep that found nothing, the sweeper knows when the
 * first cell can become fresh. Until then a refusal costs two comparisons, so a flood of new keys is cheap to refuse.
 */
final class Sweeper {

    static final int AT_ADDITION = 2;
    static final int AT_BOUND = 64;

    private final Cells cells;
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * Counts the events that can make a cell fresh earlier than predicted: additions, giving back, changes of rules.
     */
    private final AtomicLong disturbances = new AtomicLong();

    private volatile @Nullable Quiet quiet;

    private @Nullable Round round;

    Sweeper(Cells cells) {
        this.cells = cells;
    }

    /** Nothing can be dropped before either of these times, unless there was a disturbance since. */
    private record Quiet(long disturbances, long nanos, long wall) {}

    /** One pass over all cells. */
    private static final class Round {
        final Iterator<Map.Entry<LimitKey, Cell>> cursor;
        final long disturbances;
        boolean skipped;
        long nanos = Long.MAX_VALUE;
        long wall = Long.MAX_VALUE;

        Round(Iterator<Map.Entry<LimitKey, Cell>> cursor, long disturbances) {
            this.cursor = cursor;
            this.disturbances = disturbances;
        }
    }

    /** Must be called after the change has been made. */
    void disturbed() {
        disturbances.incrementAndGet();
    }

    /** Called after a key has been added. */
    void step(ClockReading now) {
        disturbed();
        if (lock.tryLock()) {
            try {
                sweep(AT_ADDITION, now);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Called when there is no place for a key. True if there may be one now. */
    boolean makePlace(ClockReading now) {
        Quiet quiet = this.quiet;
        if (quiet != null
                && now.nanos() < quiet.nanos
                && now.wall() < quiet.wall
                && disturbances.get() == quiet.disturbances) {
            return false;
        }
        lock.lock();
        try {
            return sweep(AT_BOUND, now);
        } finally {
            lock.unlock();
        }
    }

    private boolean sweep(int steps, ClockReading now) {
        boolean dropped = false;
        for (int i = 0; i < steps; i++) {
            Round round = this.round;
            if (round == null) {
                round = new Round(cells.entries().iterator(), disturbances.get());
                this.round = round;
            }
            if (round.cursor.hasNext()) {
                dropped |= look(round, round.cursor.next(), now);
            } else {
                quiet = round.skipped ? null : new Quiet(round.disturbances, round.nanos, round.wall);
                this.round = null;
            }
        }
        return dropped;
    }

    private boolean look(Round round, Map.Entry<LimitKey, Cell> entry, ClockReading now) {
        Cell cell = entry.getValue();
        if (!cell.tryClaim()) {
            round.skipped = true;
            return false;
        }
        if (cell.isFresh(now)) {
            cells.drop(entry.getKey(), cell, now);
            return true;
        }
        round.nanos = Math.min(round.nanos, cell.freshNanos(now));
        round.wall = Math.min(round.wall, cell.freshWall(now));
        cell.release();
        return false;
    }
}
