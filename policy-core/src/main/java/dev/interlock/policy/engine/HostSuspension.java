package dev.interlock.policy.engine;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Whether the host suspends calls, here or in a store that other engines share. What is in force is compiled into the
 * engine's policy, so that a call pays nothing for it. The store is read when the engine is built, and every second
 * from then on.
 *
 * <p>Everything that is not known counts as a suspension: the store if it can't be read, and what could not be written
 * to it. Thread-safe. No lock that the engine uses is held while the store is asked.
 */
final class HostSuspension {

    private static final Duration INTERVAL = Duration.ofSeconds(1);

    /** How long a reading holds. */
    private static final Duration VALIDITY = Duration.ofSeconds(5);

    private final PolicyEngine engine;
    private final SuspensionStore store;
    private final boolean isShared;
    private final TimeSource time;
    private final @Nullable AuditRecorder recorder;
    private final Reminder reminder;

    /** Held while the store is told something, so that it is told in the order that this engine follows. */
    private final ReentrantLock telling = new ReentrantLock();

    // All that follows is guarded by the engine.

    /** What the store is about to be told; null if nothing is. */
    private @Nullable Suspension pending;

    /** What the store could not be told. It lasts until the host ends it. */
    private @Nullable Suspension unsaved;

    /** What the store keeps by the last reading. */
    private @Nullable Suspension kept;

    /** In force while the store can't be read. */
    private @Nullable Suspension unread;

    /** When the last good reading was begun, by the monotonic clock. */
    private long readNanos;

    private boolean isReading;

    /** How many threads tell the store something or wait to do so. A reading meanwhile says nothing. */
    private int tellers;

    /** How often the store has been told something. */
    private long told;

    private @Nullable Suspension inForce;

    private @Nullable Suspension onRecord;

    /**
     * Reads the store. Blocks if the store does.
     *
     * @param shared null if the engine shares its suspension with no other
     */
    HostSuspension(
            PolicyEngine engine,
            @Nullable SuspensionStore shared,
            Alarm alarm,
            TimeSource time,
            @Nullable AuditRecorder recorder) {
        this.engine = engine;
        this.store = shared == null ? SuspensionStore.inMemory() : shared;
        this.isShared = shared != null;
        this.time = time;
        this.recorder = recorder;
        // An alarm that is set must not keep an engine alive that nobody uses any more.
        WeakReference<HostSuspension> self = new WeakReference<>(this);
        this.reminder = new Reminder(unfailing(alarm), () -> {
            HostSuspension suspension = self.get();
            return suspension == null ? null : suspension.look();
        });
        if (isShared) {
            try {
                readNanos = time.monotonicNanos();
                kept = store.read();
            } catch (Throwable e) {
                // Of whatever kind: what can't be read may say that calls are suspended.
                unread = unknown();
            }
        }
        inForce = latest();
    }

    /** If the host's executor is shut down, the JVM's timer rings instead: else a suspension would not be seen. */
    private static Alarm unfailing(Alarm alarm) {
        return (delay, task) -> {
            try {
                return alarm.in(delay, task);
            } catch (RuntimeException e) {
                return Alarm.system().in(delay, task);
            }
        };
    }

    /** Records what was found, and reads on from now on. Called once, when the policy has been compiled. */
    void begin() {
        synchronized (engine) {
            settle(null);
        }
        if (isShared) {
            reminder.in(INTERVAL);
        }
    }

    /** What an agent is told while calls are suspended; null while they are not. The caller holds the engine's lock. */
    @Nullable
    String text() {
        return inForce == null ? null : inForce.reason();
    }

    // ---- what the host says

    /**
     * Suspends calls here, then in the store.
     *
     * @throws UnavailableException if the store can't be told; calls are suspended here all the same
     */
    void suspend(String reason, @Nullable String by) {
        Suspension next = new Suspension(Objects.requireNonNull(reason, "reason"), by, wall());
        synchronized (engine) {
            pending = next;
            enforce(latest());
            tellers++;
        }
        Throwable failure = null;
        try {
            // Before the lock: another thread may wait for the store.
            engine.endWaitsIfSuspended();
        } finally {
            telling.lock();
            try {
                store.suspend(next);
            } catch (Throwable e) {
                failure = e;
            } finally {
                try {
                    suspended(next, failure);
                } finally {
                    telling.unlock();
                }
            }
        }
        if (failure != null) {
            throw unavailable("calls are suspended in this process alone, because the store can't be told", failure);
        }
    }

    private void suspended(Suspension next, @Nullable Throwable failure) {
        synchronized (engine) {
            tellers--;
            told++;
            if (failure == null) {
                kept = next;
                isRead();
            }
            unsaved = failure == null ? null : next;
            if (next.equals(pending)) {
                pending = null;
            }
            settle(null);
        }
    }

    /**
     * Ends the suspension in the store, then here.
     *
     * @throws UnavailableException if the store can't be told; calls stay suspended here
     */
    void resume(@Nullable String by) {
        telling.lock();
        try {
            synchronized (engine) {
                tellers++;
            }
            boolean isDone = false;
            Suspension ended = null;
            try {
                ended = store.resume();
                isDone = true;
            } finally {
                resumed(isDone, ended, by);
            }
        } catch (RuntimeException e) {
            throw unavailable("the suspension has not ended here, because the store can't be told", e);
        } finally {
            telling.unlock();
        }
    }

    private void resumed(boolean isDone, @Nullable Suspension ended, @Nullable String by) {
        synchronized (engine) {
            tellers--;
            told++;
            if (isDone) {
                unsaved = null;
                kept = null;
                isRead();
                // It may have begun since the last reading.
                onRecord = onRecord == null ? ended : onRecord;
                settle(by);
            }
        }
    }

    private static UnavailableException unavailable(String what, Throwable cause) {
        UnavailableException failure = new UnavailableException(what);
        failure.initCause(cause);
        return failure;
    }

    // ---- what the store says

    /** Begins a reading unless one is under way, and notices that none has succeeded for too long. */
    private Duration look() {
        boolean isFree;
        synchronized (engine) {
            isFree = !isReading;
            isReading = true;
        }
        if (isFree) {
            read();
        }
        try {
            synchronized (engine) {
                if (unread == null && isOutdated()) {
                    unread = unknown();
                    settle(null);
                }
            }
            engine.endWaitsIfSuspended();
        } catch (Throwable e) {
            // The next look tries again.
            return INTERVAL;
        }
        return INTERVAL;
    }

    private void read() {
        try {
            long before;
            synchronized (engine) {
                before = told;
            }
            long begun = time.monotonicNanos();
            store.readAsync().whenComplete((found, failure) -> answered(before, begun, found, failure));
        } catch (Throwable e) {
            answered(0, 0, null, e);
        }
    }

    private void answered(long before, long begun, @Nullable Suspension found, @Nullable Throwable failure) {
        try {
            synchronized (engine) {
                isReading = false;
                if (failure != null || tellers > 0 || told != before) {
                    return;
                }
                kept = found;
                unread = null;
                readNanos = begun;
                if (found != null && found.equals(unsaved)) {
                    unsaved = null; // It was written after all.
                }
                settle(null);
            }
            engine.endWaitsIfSuspended();
        } catch (Throwable e) {
            // What is in force stays, and the next reading tries again.
            return;
        }
    }

    /** Notes that the store has answered just now. */
    private void isRead() {
        unread = null;
        try {
            readNanos = time.monotonicNanos();
        } catch (Throwable e) {
            return; // Then the reading before counts, which is older.
        }
    }

    private boolean isOutdated() {
        try {
            return time.monotonicNanos() - readNanos > VALIDITY.toNanos();
        } catch (Throwable e) {
            return true;
        }
    }

    private Suspension unknown() {
        return new Suspension(Messages.SUSPENSION_UNKNOWN, null, wall());
    }

    private Instant wall() {
        try {
            return Instant.ofEpochMilli(time.wallMillis());
        } catch (Throwable e) {
            return Instant.now();
        }
    }

    // ---- what is in force

    private @Nullable Suspension latest() {
        if (pending != null) {
            return pending;
        }
        if (unsaved != null) {
            return unsaved;
        }
        return kept != null ? kept : unread;
    }

    /** Puts in force and on record what is known now: a suspension is in force first, its end is on record first. */
    private void settle(@Nullable String endedBy) {
        Suspension next = latest();
        Suspension before = onRecord;
        if (next == null) {
            if (before != null) {
                onRecord = null;
                record(false, before, endedBy);
            }
            enforce(null);
            return;
        }
        enforce(next);
        if (!next.equals(before)) {
            onRecord = next;
            record(true, next, next.by());
        }
    }

    private void record(boolean suspended, Suspension what, @Nullable String by) {
        if (recorder != null) {
            recorder.suspended(suspended, what.reason(), by, what.since());
        }
    }

    private void enforce(@Nullable Suspension next) {
        Suspension before = inForce;
        if (Objects.equals(before, next)) {
            return;
        }
        inForce = next;
        try {
            engine.compileAnew();
        } catch (Throwable e) {
            inForce = before;
            throw e;
        }
    }
}
