package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Deadlines by the time of this machine, all as far away as the first. So they pass in the order in which they were set,
 * and one alarm, for the first answer that is still awaited, does for all of them: a timeout costs a place in a queue,
 * where an alarm for each answer would wake the JDK's timer twice a call. An answer that has come is kept until those
 * before it have, and so for the timeout at most.
 */
final class QueuedDeadline implements Deadline {

    private record Waiting(CompletableFuture<?> answer, long end) {}

    private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();

    /** An alarm is set, or whoever has to set one is at work. */
    private final AtomicBoolean alarmed = new AtomicBoolean();

    @Override
    public void set(CompletableFuture<?> answer, Duration timeout) {
        queue.add(new Waiting(answer, System.nanoTime() + timeout.toNanos()));
        // As many go as come, however long the timeout is.
        dropAnswered();
        dropAnswered();
        if (alarmed.compareAndSet(false, true)) {
            look();
        }
    }

    private void dropAnswered() {
        Waiting first = queue.peek();
        if (first != null && first.answer.isDone()) {
            // Whoever else saw it first must not remove the next in its place.
            queue.remove(first);
        }
    }

    /** Ends what is late, and has itself woken for what may be late next. */
    private void look() {
        while (true) {
            Waiting first = queue.peek();
            if (first == null) {
                alarmed.set(false);
                // One that came between the look and this has nobody else to see to it.
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
