package dev.interlock.policy.mcp;

import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection that await their response, by id.
 *
 * <p>The SDK doesn't tell a transport that a caller has given up waiting: a timeout looks like a server that is still
 * busy. So an entry that outlives its time to live is abandoned, even if no other request comes. When there are too
 * many entries, the oldest is abandoned. Abandoning never gives anything back, so neither bound can be used to free
 * room in a limit.
 *
 * <p>Thread-safe. Entries are in the order in which they were added, so a sweep costs no more than the entries that it
 * removes.
 */
final class PendingRequests {

    private final TimeSource time;
    private final Duration timeToLive;
    private final long timeToLiveNanos;
    private final int capacity;
    private final Reminder reminder;

    private final Map<Object, Entry> entries = new LinkedHashMap<>();
    private boolean closed;

    private record Entry(Pending request, long addedNanos, boolean shared) {}

    /**
     * @param alarm fires when the oldest request has expired
     * @param capacity the most requests that are held
     */
    PendingRequests(TimeSource time, Alarm alarm, Duration timeToLive, int capacity) {
        this.time = time;
        this.timeToLive = timeToLive;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.capacity = capacity;
        this.reminder = new Reminder(alarm, this::abandonAged);
    }

    /**
     * Awaits a response.
     *
     * @return false if this connection is over; then nothing may be sent on it
     */
    boolean add(Object id, Pending request) {
        List<Pending> abandoned = new ArrayList<>(0);
        boolean added = false;
        synchronized (this) {
            if (!closed) {
                long now = time.monotonicNanos();
                Entry sameId = entries.remove(JsonRpcIds.key(id));
                if (sameId != null) {
                    abandoned.add(sameId.request());
                }
                sweep(now, capacity - 1, abandoned);
                entries.put(JsonRpcIds.key(id), new Entry(request, now, sameId != null));
                added = true;
            }
        }
        abandoned.forEach(Pending::abandon);
        if (added) {
            reminder.in(timeToLive);
        }
        return added;
    }

    /** Returns when the next request expires; null if there is none. */
    private @Nullable Duration abandonAged() {
        List<Pending> abandoned = new ArrayList<>(0);
        Duration next = null;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, capacity, abandoned);
            if (!entries.isEmpty()) {
                Entry oldest = entries.values().iterator().next();
                next = Duration.ofNanos(timeToLiveNanos - (now - oldest.addedNanos()));
            }
        }
        abandoned.forEach(Pending::abandon);
        return next;
    }

    /**
     * Takes the request that a response with this id answers; null if no request awaits one.
     *
     * <p>If the id was in use twice, it is unknown which request is answered. The later request is then abandoned too,
     * and null is returned: a failure of one must not give back what the other may have used up, and a reader must not
     * see another reader's list.
     */
    @Nullable
    Pending take(Object id) {
        List<Pending> abandoned = new ArrayList<>(0);
        Entry entry;
        synchronized (this) {
            entry = entries.remove(JsonRpcIds.key(id));
            sweep(time.monotonicNanos(), capacity, abandoned);
        }
        Pending answered = entry == null ? null : entry.request();
        if (entry != null && entry.shared()) {
            abandoned.add(entry.request());
            answered = null;
        }
        abandoned.forEach(Pending::abandon);
        return answered;
    }

    /**
     * Forgets a request without abandoning it, if it is still the one awaited under that id.
     *
     * @return whether it was
     */
    @SuppressWarnings("ReferenceEquality") // two equal requests are still two
    synchronized boolean forget(Object id, Pending request) {
        Entry entry = entries.get(JsonRpcIds.key(id));
        boolean awaited = entry != null && entry.request() == request;
        if (awaited) {
            entries.remove(JsonRpcIds.key(id));
        }
        return awaited;
    }

    /**
     * Abandons all requests that must not be left open, since their responses may have been lost. Lists are kept:
     * waiting for them blocks nothing, and a list that arrives after all must be filtered for its reader.
     */
    void abandonUnsure() {
        abandon(request -> !(request instanceof Pending.ToolList), false);
    }

    /** Abandons all requests, and accepts no more. */
    void close() {
        reminder.cancel();
        abandon(request -> true, true);
    }

    private void abandon(Predicate<Pending> which, boolean forGood) {
        List<Pending> abandoned = new ArrayList<>();
        synchronized (this) {
            closed |= forGood;
            entries.values().removeIf(entry -> which.test(entry.request()) && abandoned.add(entry.request()));
        }
        abandoned.forEach(Pending::abandon);
    }

    synchronized int size() {
        return entries.size();
    }

    private void sweep(long now, int room, List<Pending> abandoned) {
        Iterator<Entry> oldestFirst = entries.values().iterator();
        while (oldestFirst.hasNext()) {
            Entry oldest = oldestFirst.next();
            if (now - oldest.addedNanos() < timeToLiveNanos && entries.size() <= room) {
                return;
            }
            oldestFirst.remove();
            abandoned.add(oldest.request());
        }
    }
}
