package dev.interlock.policy.langchain4j;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls that a client waits for, by id, to find a call that the client gives up on. LangChain4j reports when a call
 * times out, but not when the waiting thread is interrupted. So a call that outlives its time to live counts as lost,
 * even if no other call comes. If there are too many calls, the oldest counts as lost. Neither gives anything back.
 *
 * <p>Thread-safe. Entries are in the order in which they were added.
 */
final class PendingCalls {

    private final TimeSource time;
    private final Duration timeToLive;
    private final long timeToLiveNanos;
    private final int capacity;
    private final Reminder reminder;
    private final Map<Long, Entry> entries = new LinkedHashMap<>();
    private boolean closed;

    private record Entry(PendingCall call, long addedNanos) {}

    /**
     * @param alarm fires when the oldest call has expired
     * @param capacity the most calls that are held
     */
    PendingCalls(TimeSource time, Alarm alarm, Duration timeToLive, int capacity) {
        this.time = time;
        this.timeToLive = timeToLive;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.capacity = capacity;
        this.reminder = new Reminder(alarm, this::endAged);
    }

    /**
     * Adds a call.
     *
     * @return false if the transport is closed; then nothing may be sent on it
     */
    boolean add(long id, PendingCall call) {
        List<PendingCall> lost = new ArrayList<>(0);
        boolean added = false;
        synchronized (this) {
            if (!closed) {
                long now = time.monotonicNanos();
                Entry sameId = entries.remove(id);
                if (sameId != null) {
                    lost.add(sameId.call());
                }
                sweep(now, capacity - 1, lost);
                entries.put(id, new Entry(call, now));
                added = true;
            }
        }
        lost.forEach(unanswered -> unanswered.end(CallOutcome.UNKNOWN));
        if (added) {
            reminder.in(timeToLive);
        }
        return added;
    }

    /** Returns when the next call expires; null if there is none. */
    private @Nullable Duration endAged() {
        List<PendingCall> lost = new ArrayList<>(0);
        Duration next = null;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, capacity, lost);
            if (!entries.isEmpty()) {
                Entry oldest = entries.values().iterator().next();
                next = Duration.ofNanos(timeToLiveNanos - (now - oldest.addedNanos()));
            }
        }
        lost.forEach(unanswered -> unanswered.end(CallOutcome.UNKNOWN));
        return next;
    }

    private void sweep(long now, int room, List<PendingCall> lost) {
        Iterator<Entry> oldestFirst = entries.values().iterator();
        while (oldestFirst.hasNext()) {
            Entry oldest = oldestFirst.next();
            if (now - oldest.addedNanos() < timeToLiveNanos && entries.size() <= room) {
                return;
            }
            oldestFirst.remove();
            lost.add(oldest.call());
        }
    }

    /** Removes a call that is over. */
    @SuppressWarnings("ReferenceEquality") // another call may have the same id
    synchronized void remove(long id, PendingCall call) {
        Entry entry = entries.get(id);
        if (entry != null && entry.call() == call) {
            entries.remove(id);
        }
    }

    /** The client no longer waits for this call. It may have run all the same. */
    void cancel(long id) {
        Entry entry;
        synchronized (this) {
            entry = entries.remove(id);
        }
        if (entry != null) {
            entry.call().end(CallOutcome.UNKNOWN);
        }
    }

    /** Accepts calls, again after a close. */
    synchronized void open() {
        closed = false;
    }

    /** Ends all calls, and accepts no more. */
    void close() {
        reminder.cancel();
        List<PendingCall> lost;
        synchronized (this) {
            closed = true;
            lost = entries.values().stream().map(Entry::call).toList();
            entries.clear();
        }
        lost.forEach(unanswered -> unanswered.end(CallOutcome.UNKNOWN));
    }

    synchronized int size() {
        return entries.size();
    }
}
