package dev.interlock.policy.limit;

import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Looks for cells that are back at a fresh start and drops them, a few at a time and on the time of those who bring new
 * keys: {@value #AT_ADDITION} for each key that is added, and up to {@value #AT_BOUND} for each that finds no place. So a
 * new key costs constant time, and no thread of its own is needed.
 *
 * <p>At the bound a new key may be refused though another could have been dropped, because the sweep has not come to it.
 * It comes round within {@code maxKeys / }{@value #AT_BOUND} refusals; with fewer than {@value #AT_BOUND} keys it
 * never refuses wrongly. Once it has been round and found nothing, it knows when the first cell can become fresh, and until
 * then refusing costs two comparisons: a flood of new keys is turned away at the door.
 */
final class Sweeper {

    static final int AT_ADDITION = 2;
    static final int AT_BOUND = 64;

    private final Cells cells;
    private final ReentrantLock lock = new ReentrantLock();

    /** Counts what can make a cell fresh earlier than was foreseen: additions, giving back, changes of rules. */
    private final AtomicLong disturbances = new AtomicLong();

    private volatile @Nullable Quiet quiet;

    private @Nullable Round round;

    Sweeper(Cells cells) {
        this.cells = cells;
    }

    /** Nothing can be dropped before one of these times, unless disturbed since. */
    private record Quiet(long disturbances, long nanos, long wall) {}

    /** One walk past all cells. */
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

    /** To be called after whatever it was has been done. */
    void disturbed() {
        disturbances.incrementAndGet();
    }

    /** After a key has been added. */
    void step(Moment now) {
        disturbed();
        if (lock.tryLock()) {
            try {
                sweep(AT_ADDITION, now);
            } finally {
                lock.unlock();
            }
        }
    }

    /** When there is no place for a key. True if there may be one now. */
    boolean makePlace(Moment now) {
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

    private boolean sweep(int steps, Moment now) {
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

    private boolean look(Round round, Map.Entry<LimitKey, Cell> entry, Moment now) {
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
