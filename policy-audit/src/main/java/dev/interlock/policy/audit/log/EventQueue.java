package dev.interlock.policy.audit.log;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The queue between the threads that record events and the thread that writes them. It is bounded by the number of
 * events and, since an agent chooses the size of its arguments, by their total weight.
 */
final class EventQueue {

    /** The approximate weight of an event besides its texts, in bytes. */
    private static final int OVERHEAD = 512;

    /** The most events that are written at once. */
    private static final int MAX_BATCH = 1_000;

    private final OverflowPolicy overflow;
    private final boolean waits;
    private final int maxEvents;
    private final long maxBytes;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final Condition moved = lock.newCondition();

    private final ArrayDeque<Item> queue = new ArrayDeque<>();
    /** Includes the events that are being written. */
    private int events;

    private long bytes;
    private long written;
    private long dropped;
    private long droppedUntold;
    private boolean closed;
    /** Why the log currently can't write; null if it can. */
    private @Nullable IOException failure;

    private boolean dead;

    /** An event in the queue or being written. */
    static final class Item {
        private final AuditEvent event;
        private final long weight;
        private boolean done;
        /** Whether this event lets a call run, or leads to a person being asked. */
        private final boolean lets;
        /** Refused after it was queued: it must not appear in the log as allowed. */
        private boolean withdrawn;

        Item(AuditEvent event) {
            this.event = event;
            this.lets = event instanceof Decided decided
                    ? decided.decision().allowed() || decided.decision().verdict() == Verdict.NEEDS_APPROVAL
                    : event instanceof AuditEvent.MethodDecided method
                            && method.decision().allowed();
            this.weight = weight(event);
        }

        AuditEvent event() {
            return event;
        }
    }

    /**
     * @param waits whether a thread whose event lets a call run waits until the event is on the disk
     */
    EventQueue(OverflowPolicy overflow, boolean waits, int maxEvents, long maxBytes) {
        this.overflow = overflow;
        this.waits = waits;
        this.maxEvents = maxEvents;
        this.maxBytes = maxBytes;
    }

    private static long weight(AuditEvent event) {
        ToolCall call = null;
        if (event instanceof Decided decided) {
            call = decided.call();
        } else if (event instanceof AuditEvent.Settled settled) {
            call = settled.call();
        } else if (event instanceof AuditEvent.ResultJudged judged) {
            call = judged.call();
        } else if (event instanceof AuditEvent.Marked marked) {
            call = marked.call();
        } else if (event instanceof AuditEvent.Failed failed) {
            call = failed.call();
        }
        return call == null
                ? OVERHEAD
                : OVERHEAD + call.arguments().bytes() + 2L * call.tool().length();
    }

    // ---- those who bring events

    void put(AuditEvent event) {
        Item item = new Item(event);
        try {
            lock.lockInterruptibly();
            try {
                if (!enter(item)) {
                    return;
                }
                queue.add(item);
                events++;
                bytes += item.weight;
                filled.signal();
                if (waits && item.lets && overflow != OverflowPolicy.DROP) {
                    await(item);
                }
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted before the event was recorded", e);
        }
    }

    /** Whether the item may be added; false if it is dropped. */
    private boolean enter(Item item) throws InterruptedException {
        while (true) {
            requireOpen();
            boolean failing = failure != null && overflow == OverflowPolicy.FAIL_CLOSED;
            if (!failing && hasRoom(item)) {
                return true;
            }
            switch (overflow) {
                case BLOCK -> moved.await();
                case DROP -> {
                    drop(1);
                    return false;
                }
                case FAIL_CLOSED -> {
                    if (item.lets) {
                        throw refusal();
                    }
                    if (hasRoom(item)) {
                        return true;
                    }
                    drop(1);
                    return false;
                }
            }
        }
    }

    private void await(Item item) throws InterruptedException {
        boolean recorded = false;
        try {
            while (!item.done) {
                if (dead || item.withdrawn) {
                    throw refusal();
                }
                moved.await();
            }
            recorded = !item.withdrawn;
        } finally {
            item.withdrawn |= !recorded;
        }
        if (!recorded) {
            throw refusal();
        }
    }

    private boolean hasRoom(Item item) {
        return events == 0 || (events < maxEvents && bytes + item.weight <= maxBytes);
    }

    private void requireOpen() {
        if (closed || dead) {
            throw new IllegalStateException("the audit log is closed");
        }
    }

    private IllegalStateException refusal() {
        return new IllegalStateException(
                failure == null ? "the audit log's queue is full" : "the audit log can't be written", failure);
    }

    private void drop(long count) {
        dropped += count;
        droppedUntold += count;
    }

    // ---- the thread that writes

    /**
     * Waits for events.
     *
     * @param nanos the longest time to wait
     * @return the events, at most one batch; empty if none arrived or the log was closed
     */
    List<Item> take(long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = nanos;
            while (queue.isEmpty() && !closed && left > 0) {
                left = filled.awaitNanos(left);
            }
            List<Item> batch = new ArrayList<>(Math.min(queue.size(), MAX_BATCH));
            while (!queue.isEmpty() && batch.size() < MAX_BATCH) {
                batch.add(queue.poll());
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** The events of a batch that still have to be written. */
    List<Item> wanted(List<Item> batch) {
        lock.lock();
        try {
            return batch.stream().filter(item -> !item.withdrawn).toList();
        } finally {
            lock.unlock();
        }
    }

    /** How many dropped events the log has not reported yet, according to {@link #done}. */
    long untold() {
        lock.lock();
        try {
            return droppedUntold;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called when a batch was written.
     *
     * @param batch everything that was taken
     * @param count how many of its events are in the log
     * @param told how many dropped events the log has reported
     * @return whether the log could not write just before
     */
    boolean done(List<Item> batch, int count, long told) {
        lock.lock();
        try {
            release(batch);
            written += count;
            droppedUntold -= told;
            boolean recovered = failure != null;
            failure = null;
            moved.signalAll();
            return recovered;
        } finally {
            lock.unlock();
        }
    }

    private void release(List<Item> batch) {
        for (Item item : batch) {
            item.done = true;
            events--;
            bytes -= item.weight;
        }
    }

    /**
     * Called when nothing can be written. Refuses the calls that wait for a write, unless they may keep waiting.
     *
     * @param batch the batch that was being written
     * @return whether this failure is new
     */
    boolean failing(IOException cause, List<Item> batch) {
        lock.lock();
        try {
            if (waits && overflow == OverflowPolicy.FAIL_CLOSED) {
                Stream.concat(batch.stream(), queue.stream()).forEach(item -> item.withdrawn |= item.lets);
            }
            boolean news = failure == null;
            failure = cause;
            moved.signalAll();
            return news;
        } finally {
            lock.unlock();
        }
    }

    /** Waits before the next attempt, unless the log is closed. */
    void pause(long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = nanos;
            while (!closed && left > 0) {
                left = filled.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    // ---- the end

    /** Accepts no more events; those already in the queue are still written. */
    void close() {
        lock.lock();
        try {
            closed = true;
            filled.signalAll();
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called when nothing will be written any more: waiting callers are refused, and unwritten events count as dropped.
     */
    void die(List<Item> unwritten) {
        lock.lock();
        try {
            drop(unwritten.size() + (long) queue.size());
            queue.clear();
            closed = true;
            dead = true;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    AuditLog.LogStatus status() {
        lock.lock();
        try {
            return new AuditLog.LogStatus(written, dropped, events, failure != null);
        } finally {
            lock.unlock();
        }
    }
}
