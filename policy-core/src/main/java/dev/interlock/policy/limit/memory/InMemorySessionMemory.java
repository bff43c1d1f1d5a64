package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.time.TimeSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the marks of sessions in this process. Thread-safe. Starts no thread, and waits only for other calls of the
 * same session at the same moment.
 *
 * <p>Lifetimes follow the monotonic clock, so a wall clock that is set back or forward neither prolongs nor ends a
 * mark. A process that restarts has forgotten everything.
 *
 * <p><b>Memory.</b> A session takes place from the first call that may set a mark until its last mark has lapsed, was
 * cleared, or was never set. With one mark without values that is about 500 bytes plus its name. A value takes about
 * 120 bytes plus its text. Sessions without marks that are not about to get one take none.
 */
public final class InMemorySessionMemory implements SessionMemory {

    /** Sessions are looked through for some that can be forgotten: so many for each that is added … */
    private static final int AT_ADDITION = 2;

    /** … and so many for each that finds no place. */
    private static final int AT_BOUND = 64;

    /** All sessions are counted under one name, so callers have the same shares of them as of a limit's keys. */
    private static final String MARKS = "marks";

    private final TimeSource time;

    /** Begins when it is read first: a memory that is never used reads no clock. */
    private volatile @Nullable LimiterClock clock;

    private final Holdings holdings;
    private final AtomicLong moments = new AtomicLong();

    /** Not a cache: a cache that evicts would forget marks. */
    private final ConcurrentMap<String, SessionCell> cells = new ConcurrentHashMap<>();

    private final ReentrantLock sweeping = new ReentrantLock();

    /** Guarded by {@link #sweeping}. */
    private Iterator<Map.Entry<String, SessionCell>> cursor = cells.entrySet().iterator();

    private InMemorySessionMemory(Builder builder) {
        this.time = builder.time;
        this.holdings = new Holdings(builder.maxSessions);
    }

    /** Creates a memory with the clocks of the JVM and room for a million sessions. */
    public static InMemorySessionMemory create() {
        return builder().build();
    }

    /** Starts with the clocks of the JVM and room for a million sessions. */
    public static Builder builder() {
        return new Builder();
    }

    long now() {
        LimiterClock known = clock;
        return (known == null ? begun() : known).nanos();
    }

    private synchronized LimiterClock begun() {
        LimiterClock begun = clock == null ? new LimiterClock(time) : clock;
        clock = begun;
        return begun;
    }

    @Override
    public SessionMarks call(String session) {
        SessionCell cell = cells.get(session);
        return cell == null ? SessionMarks.NONE : cell.call(now());
    }

    @Override
    public SessionMarks read(String session) {
        SessionCell cell = cells.get(session);
        return cell == null ? SessionMarks.NONE : cell.read(now());
    }

    /** Room for one call. */
    private static final class KeptRoom implements MarkRoom.Kept {
        private final InMemorySessionMemory owner;
        private final SessionCell cell;
        private final MarkClaim claim;
        private final AtomicBoolean givenBack = new AtomicBoolean();

        KeptRoom(InMemorySessionMemory owner, SessionCell cell, MarkClaim claim) {
            this.owner = owner;
            this.cell = cell;
            this.claim = claim;
        }
    }

    @Override
    public MarkRoom reserve(MarkClaim claim) {
        while (true) {
            long now = now();
            SessionCell cell = cells.get(claim.session());
            boolean added = cell == null;
            if (cell == null) {
                cell = add(claim, now);
                if (cell == null) {
                    return new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_SESSIONS);
                }
            }
            SessionCell.Claimed claimed = cell.claim(claim, now);
            if (claimed == SessionCell.Claimed.KEPT) {
                if (added && sweeping.tryLock()) {
                    sweep(AT_ADDITION, now);
                }
                return new KeptRoom(this, cell, claim);
            }
            if (claimed == SessionCell.Claimed.TOO_MANY_VALUES) {
                forgetIfEmpty(claim.session(), cell, now);
                return new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_VALUES);
            }
            unlink(claim.session(), cell);
        }
    }

    private @Nullable SessionCell add(MarkClaim claim, long now) {
        SessionCell cell = addIfFree(claim, now);
        if (cell != null) {
            return cell;
        }
        sweeping.lock();
        return sweep(AT_BOUND, now) ? addIfFree(claim, now) : null;
    }

    private @Nullable SessionCell addIfFree(MarkClaim claim, long now) {
        return cells.computeIfAbsent(claim.session(), session -> {
            SessionCell fresh = new SessionCell(now);
            fresh.holding = holdings.take(new LimitKey(MARKS, session), claim.caller());
            return fresh.holding == null ? null : fresh;
        });
    }

    /** Forgets some sessions that have nothing left. Gives the lock back, which the caller holds. */
    private boolean sweep(int steps, long now) {
        try {
            boolean forgotten = false;
            for (int i = 0; i < steps; i++) {
                if (cursor.hasNext()) {
                    Map.Entry<String, SessionCell> entry = cursor.next();
                    forgotten |= forgetIfEmpty(entry.getKey(), entry.getValue(), now);
                } else {
                    cursor = cells.entrySet().iterator();
                }
            }
            return forgotten;
        } finally {
            sweeping.unlock();
        }
    }

    private boolean forgetIfEmpty(String session, SessionCell cell, long now) {
        if (!cell.dieIfEmpty(now)) {
            return false;
        }
        unlink(session, cell);
        return true;
    }

    /** Removes a dead cell. Any thread that meets one does so. */
    private void unlink(String session, SessionCell dead) {
        Holdings.Holding holding = dead.holding;
        if (cells.remove(session, dead) && holding != null) {
            holdings.giveBack(holding);
        }
    }

    @Override
    public void change(String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        if (room == null) {
            SessionCell cell = cells.get(session);
            if (cell != null) {
                long now = now();
                cell.change(new SessionChange(change.clears(), change.before(), List.of(), true), moments, now);
                forgetIfEmpty(session, cell, now);
            }
            return;
        }
        if (!(room instanceof KeptRoom kept) || !kept.owner.equals(this)) {
            throw new IllegalArgumentException("the room is none of this memory");
        }
        if (change.last() ? !kept.givenBack.compareAndSet(false, true) : kept.givenBack.get()) {
            return;
        }
        long now = now();
        kept.cell.change(change, moments, now);
        if (change.last()) {
            kept.cell.giveBack(kept.claim);
            forgetIfEmpty(session, kept.cell, now);
        }
    }

    /** Returns which sessions have marks now, to be shown to a person or cleared. */
    public SessionRecords records() {
        return new MarkedSessions(this);
    }

    Iterable<Map.Entry<String, SessionCell>> entries() {
        return cells.entrySet();
    }

    boolean clear(String session) {
        SessionCell cell = cells.get(session);
        if (cell == null) {
            return false;
        }
        long now = now();
        boolean cleared = cell.clear(moments, now);
        forgetIfEmpty(session, cell, now);
        return cleared;
    }

    /** Returns how many sessions have a place now, including those whose marks have lapsed but are not dropped yet. */
    public long sessionCount() {
        return holdings.size();
    }

    /** Settings of a memory. */
    public static final class Builder {

        private static final long DEFAULT_MAX_SESSIONS = 1_000_000;

        private TimeSource time = TimeSource.system();
        private long maxSessions = DEFAULT_MAX_SESSIONS;

        private Builder() {}

        /** Sets where time comes from. Only the monotonic clock is read. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * Sets how many sessions may have marks at the same time. Calls that would set a mark in a further session are
         * denied until some sessions have none left. A session is never forgotten to make room for another.
         *
         * <p>Callers have shares of them, as of the keys of one limit: see {@link InMemoryRateLimiter.Builder#maxKeys}.
         *
         * @param sessions at least 1
         */
        public Builder maxSessions(long sessions) {
            if (sessions < 1) {
                throw new IllegalArgumentException("maxSessions must be at least 1, was " + sessions);
            }
            this.maxSessions = sessions;
            return this;
        }

        /** Creates a memory that knows no session yet. */
        public InMemorySessionMemory build() {
            return new InMemorySessionMemory(this);
        }
    }
}
