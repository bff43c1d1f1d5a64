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
 * busy. So an entry that has aged past its time to live is abandoned, also if no other request comes, and when there are
 * too many, the oldest is. Abandoning never gives anything back, so neither bound can be used to make room in a limit.
 *
 * <p>Thread-safe. Entries stand in the order in which they were added, which makes a sweep cost no more than what it
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
     * @param alarm tells when the oldest request has aged
     * @param capacity how many requests are held at most
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
     * @return false if this connection is over, and nothing must be sent on it
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

    /** Answers when the next request will have aged; null if there is none. */
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
     * Takes the request that a response with this id answers; null if none awaits one.
     *
     * <p>If the id was in use twice, nobody can tell which request is answered. The later one is then abandoned too, and
     * null returned: a failure of the one must not give back what the other may have used up, nor may one reader be shown
     * another's list.
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

    /** Forgets a request, if it is still the one awaited under that id, without abandoning it. */
    @SuppressWarnings("ReferenceEquality") // two equal requests are still two
    synchronized void forget(Object id, Pending request) {
        Entry entry = entries.get(JsonRpcIds.key(id));
        if (entry != null && entry.request() == request) {
            entries.remove(JsonRpcIds.key(id));
        }
    }

    /**
     * Abandons all requests whose end must not be left open, since their responses may have been lost. Lists are kept:
     * nothing hangs on the wait for them, and one that comes all the same must find its reader.
     */
    void abandonUnsure() {
        abandon(request -> !(request instanceof Pending.ToolList), false);
    }

    /** Abandons everything, and takes nothing more. */
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
