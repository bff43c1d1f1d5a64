package dev.interlock.policy.engine;

import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Time that a test moves by hand, for both clocks alike; alarms ring as it passes, on the thread that moves it. It is
 * 31 March 2026, 23:30 UTC to begin with.
 */
final class Clock implements TimeSource, Alarm {

    private final PriorityQueue<Bell> bells = new PriorityQueue<>(Comparator.comparingLong(Bell::due));

    private record Bell(long due, Runnable task) {}

    private final AtomicLong millis =
            new AtomicLong(Instant.parse("2026-03-31T23:30:00Z").toEpochMilli());

    void pass(Duration duration) {
        millis.addAndGet(duration.toMillis());
        for (Runnable task = ringing(); task != null; task = ringing()) {
            task.run();
        }
    }

    private synchronized @Nullable Runnable ringing() {
        Bell next = bells.peek();
        if (next == null || next.due > monotonicNanos()) {
            return null;
        }
        bells.remove();
        return next.task;
    }

    @Override
    public synchronized Runnable in(Duration delay, Runnable task) {
        Bell bell = new Bell(monotonicNanos() + delay.toNanos(), task);
        bells.add(bell);
        return () -> forget(bell);
    }

    private synchronized void forget(Bell bell) {
        bells.remove(bell);
    }

    /** How many alarms are still to ring. */
    synchronized int alarms() {
        return bells.size();
    }

    void set(long now) {
        millis.set(now);
    }

    @Override
    public long wallMillis() {
        return millis.get();
    }

    @Override
    public long monotonicNanos() {
        return millis.get() * 1_000_000;
    }
}
