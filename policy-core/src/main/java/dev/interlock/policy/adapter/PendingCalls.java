package dev.interlock.policy.adapter;

import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Calls, and other requests, that await their response, by id.
 *
 * <p>Not every SDK tells its transport that a caller has given up waiting: a timeout looks like a server that is still
 * busy. So an entry that outlives its time to live is abandoned, even if no other request comes. When there are too
 * many entries, the oldest is abandoned. Abandoning must never give anything back, so that neither bound can be used to
 * free room in a limit.
 *
 * <p>Thread-safe. Entries are in the order in which they were added, so a sweep costs no more than the entries that it
 * removes.
 *
 * @param <R> what is known of a request
 */
public final class PendingCalls<R> {

    private final TimeSource time;
    private final Duration timeToLive;
    private final long timeToLiveNanos;
    private final int capacity;
    private final Consumer<? super R> abandoning;
    private final Reminder reminder;

    private final Map<Object, Entry<R>> entries = new LinkedHashMap<>();
    private boolean closed;

    private record Entry<R>(R request, long addedNanos, boolean shared) {
        @Override
        public String toString() {
            return "a pending request";
        }
    }

    /**
     * Creates an empty table.
     *
     * @param alarm rings when the oldest request has expired
     * @param timeToLive how long a response is awaited; positive
     * @param capacity the most requests that are held
     * @param abandoning is told of each request whose response is no longer awaited; must not throw
     */
    public PendingCalls(
            TimeSource time, Alarm alarm, Duration timeToLive, int capacity, Consumer<? super R> abandoning) {
        this.time = time;
        this.timeToLive = timeToLive;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.capacity = capacity;
        this.abandoning = abandoning;
        this.reminder = new Reminder(alarm, this::abandonAged);
    }

    /**
     * Awaits a response.
     *
     * @return false if the table is closed; then the request must not be sent
     */
    public boolean add(Object id, R request) {
        List<R> abandoned = new ArrayList<>(0);
        boolean added = false;
        synchronized (this) {
            if (!closed) {
                long now = time.monotonicNanos();
                Entry<R> sameId = entries.remove(JsonRpcIds.key(id));
                if (sameId != null) {
                    abandoned.add(sameId.request());
                }
                sweep(now, capacity - 1, abandoned);
                entries.put(JsonRpcIds.key(id), new Entry<>(request, now, sameId != null));
                added = true;
            }
        }
        abandoned.forEach(abandoning);
        if (added) {
            reminder.in(timeToLive);
        }
        return added;
    }

    /** Returns when the next request expires; null if there is none. */
    private @Nullable Duration abandonAged() {
        List<R> abandoned = new ArrayList<>(0);
        Duration next = null;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, capacity, abandoned);
            if (!entries.isEmpty()) {
                Entry<R> oldest = entries.values().iterator().next();
                next = Duration.ofNanos(timeToLiveNanos - (now - oldest.addedNanos()));
            }
        }
        abandoned.forEach(abandoning);
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
    public R take(Object id) {
        List<R> abandoned = new ArrayList<>(0);
        Entry<R> entry;
        synchronized (this) {
            entry = entries.remove(JsonRpcIds.key(id));
            sweep(time.monotonicNanos(), capacity, abandoned);
        }
        @Nullable R answered = entry == null ? null : entry.request();
        if (entry != null && entry.shared()) {
            abandoned.add(entry.request());
            answered = null;
        }
        abandoned.forEach(abandoning);
        return answered;
    }

    /**
     * Forgets a request without abandoning it, if it is still the one awaited under that id.
     *
     * @return whether it was
     */
    @SuppressWarnings("ReferenceEquality") // two equal requests are still two
    public synchronized boolean forget(Object id, R request) {
        Entry<R> entry = entries.get(JsonRpcIds.key(id));
        boolean awaited = entry != null && entry.request() == request;
        if (awaited) {
            entries.remove(JsonRpcIds.key(id));
        }
        return awaited;
    }

    /** Abandons the requests that {@code which} holds for. */
    public void abandon(Predicate<? super R> which) {
        abandon(which, false);
    }

    /** Accepts requests, again after a close. */
    public synchronized void open() {
        closed = false;
    }

    /** Abandons all requests, and accepts no more. */
    public void close() {
        reminder.cancel();
        abandon(request -> true, true);
    }

    private void abandon(Predicate<? super R> which, boolean closing) {
        List<R> abandoned = new ArrayList<>();
        synchronized (this) {
            closed |= closing;
            entries.values().removeIf(entry -> which.test(entry.request()) && abandoned.add(entry.request()));
        }
        abandoned.forEach(abandoning);
    }

    /** Returns how many requests await their response. */
    public synchronized int size() {
        return entries.size();
    }

    private void sweep(long now, int room, List<R> abandoned) {
        Iterator<Entry<R>> oldestFirst = entries.values().iterator();
        while (oldestFirst.hasNext()) {
            Entry<R> oldest = oldestFirst.next();
            if (now - oldest.addedNanos() < timeToLiveNanos && entries.size() <= room) {
                return;
            }
            oldestFirst.remove();
            abandoned.add(oldest.request());
        }
    }
}
