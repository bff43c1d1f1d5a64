package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
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
 * busy. So an entry that outlives its time to live is abandoned, even if no other request comes. Abandoning must never
 * give anything back, so that the bound can't be used to free room in a limit. An entry is never abandoned for a later
 * one: when there is no room for another, or its caller takes up a quarter of the room, the request must not be sent.
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
    private final CallerShares shares;
    private final Consumer<? super R> abandoning;
    private final Reminder reminder;

    private final Map<Object, Entry<R>> entries = new LinkedHashMap<>();
    private boolean closed;

    /** What became of a request that was to be added. */
    public enum Addition {
        /** Its response is awaited. */
        AWAITED,
        /** There is no room for it, and it must not be sent. */
        FULL,
        /** The table is closed, and it must not be sent. */
        CLOSED
    }

    private record Entry<R>(R request, String caller, long bytes, long addedNanos, boolean shared) {
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
     * @param maxBytes how much the requests that are held may take up together
     * @param abandoning is told of each request whose response is no longer awaited; must not throw
     */
    public PendingCalls(
            TimeSource time,
            Alarm alarm,
            Duration timeToLive,
            int capacity,
            long maxBytes,
            Consumer<? super R> abandoning) {
        this.time = time;
        this.timeToLive = timeToLive;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.shares = new CallerShares(capacity, maxBytes);
        this.abandoning = abandoning;
        this.reminder = new Reminder(alarm, this::abandonAged);
    }

    /** Creates an empty table with the bounds of {@link GuardSettings}. */
    public static <R> PendingCalls<R> bounded(
            TimeSource time, Alarm alarm, Duration timeToLive, Consumer<? super R> abandoning) {
        return new PendingCalls<>(
                time, alarm, timeToLive, GuardSettings.MAX_PENDING, GuardSettings.MAX_PENDING_BYTES, abandoning);
    }

    /** Returns what to tell the engine of a request that was refused because there is no room. */
    public static IllegalStateException full() {
        return new IllegalStateException("too many requests await their response");
    }

    /** Awaits the response to a request of whose caller nothing is known, and which takes up next to nothing. */
    public Addition add(Object id, R request) {
        return add(id, request, ToolCall.COMMON_SESSION, 0);
    }

    /** Awaits the response to a call. */
    public Addition add(Object id, R request, ToolCall call) {
        return add(id, request, CallerShares.caller(call), GuardedCall.size(call));
    }

    private Addition add(Object id, R request, String caller, long bytes) {
        List<R> abandoned = new ArrayList<>(0);
        Addition addition = Addition.CLOSED;
        synchronized (this) {
            if (!closed) {
                long now = time.monotonicNanos();
                Entry<R> sameId = remove(id);
                if (sameId != null) {
                    abandoned.add(sameId.request());
                }
                sweep(now, abandoned);
                addition = shares.take(caller, bytes) ? Addition.AWAITED : Addition.FULL;
                if (addition == Addition.AWAITED) {
                    entries.put(JsonRpcIds.key(id), new Entry<>(request, caller, bytes, now, sameId != null));
                }
            }
        }
        abandoned.forEach(abandoning);
        if (addition == Addition.AWAITED) {
            reminder.in(timeToLive);
        }
        return addition;
    }

    private @Nullable Entry<R> remove(Object id) {
        Entry<R> removed = entries.remove(JsonRpcIds.key(id));
        if (removed != null) {
            shares.giveBack(removed.caller(), removed.bytes());
        }
        return removed;
    }

    /** Returns when the next request expires; null if there is none. */
    private @Nullable Duration abandonAged() {
        List<R> abandoned = new ArrayList<>(0);
        Duration next = null;
        synchronized (this) {
            long now = time.monotonicNanos();
            sweep(now, abandoned);
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
            entry = remove(id);
            sweep(time.monotonicNanos(), abandoned);
        }
        @Nullable R answered = entry == null ? null : entry.request();
        if (entry != null && entry.shared()) {
            abandoned.add(entry.request());
            answered = null;
        }
        abandoned.forEach(abandoning);
        return answered;
    }

    /** Returns the request that awaits a response with this id; null if none does, or if several may. */
    public synchronized @Nullable R find(Object id) {
        Entry<R> entry = entries.get(JsonRpcIds.key(id));
        return entry == null || entry.shared() ? null : entry.request();
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
            remove(id);
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
            entries.values().removeIf(entry -> {
                boolean goes = which.test(entry.request());
                if (goes) {
                    shares.giveBack(entry.caller(), entry.bytes());
                    abandoned.add(entry.request());
                }
                return goes;
            });
        }
        abandoned.forEach(abandoning);
    }

    /** Returns how many requests await their response. */
    public synchronized int size() {
        return entries.size();
    }

    private void sweep(long now, List<R> abandoned) {
        Iterator<Entry<R>> oldestFirst = entries.values().iterator();
        while (oldestFirst.hasNext()) {
            Entry<R> oldest = oldestFirst.next();
            if (now - oldest.addedNanos() < timeToLiveNanos) {
                return;
            }
            oldestFirst.remove();
            shares.giveBack(oldest.caller(), oldest.bytes());
            abandoned.add(oldest.request());
        }
    }
}
