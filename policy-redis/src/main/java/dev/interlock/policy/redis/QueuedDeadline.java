package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Deadlines on this machine's clock, all with the same timeout. So they expire in the order in which they were set, and
 * one timer, for the first answer that is still awaited, is enough for all of them. A timeout costs a place in a queue,
 * where a timer for each answer would wake the JDK's scheduler twice for each call. An answer that has arrived is kept
 * until those before it have arrived, and so at most for the timeout.
 */
final class QueuedDeadline implements Deadline {

    private record Waiting(CompletableFuture<?> answer, long end) {}

    private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();

    /** A timer is set, or a thread is about to set one. */
    private final AtomicBoolean alarmed = new AtomicBoolean();

    @Override
    public void set(CompletableFuture<?> answer, Duration timeout) {
        queue.add(new Waiting(answer, System.nanoTime() + timeout.toNanos()));
        // At least as many are removed as are added, however long the timeout is.
        dropAnswered();
        dropAnswered();
        if (alarmed.compareAndSet(false, true)) {
            look();
        }
    }

    private void dropAnswered() {
        Waiting first = queue.peek();
        if (first != null && first.answer.isDone()) {
            // Another thread may have seen it first; this must not remove the next one instead.
            queue.remove(first);
        }
    }

    /** Ends overdue answers, and schedules itself for the next deadline. */
    private void look() {
        while (true) {
            Waiting first = queue.peek();
            if (first == null) {
                alarmed.set(false);
                // If an answer was added between the peek and the reset, no other thread would look at it.
                if (queue.isEmpty() || !alarmed.compareAndSet(false, true)) {
                    return;
                }
                continue;
            }
            long left = first.end - System.nanoTime();
            if (left > 0 && !first.answer.isDone()) {
                CompletableFuture.delayedExecutor(left, TimeUnit.NANOSECONDS, Runnable::run)
                        .execute(this::look);
                return;
            }
            queue.remove(first);
            first.answer.completeExceptionally(new TimeoutException("no answer from Redis in time"));
        }
    }
}
