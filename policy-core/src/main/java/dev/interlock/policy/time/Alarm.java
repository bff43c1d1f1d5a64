package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs tasks later. Implementations must be thread-safe and must not hold a thread for a task that is not due yet. */
@FunctionalInterface
public interface Alarm {

    /**
     * Runs a task once, after the delay.
     *
     * @param delay how long to wait; zero or less means at once
     * @param task what to do; it must be quick and must not throw
     * @return cancels the task when it is run; the task then does not run, unless it has already started
     */
    Runnable in(Duration delay, Runnable task);

    /** Returns an alarm that uses the JVM's timer. It starts no thread except the one that the whole JVM shares. */
    static Alarm system() {
        return SystemAlarm.INSTANCE;
    }

    /** Returns an alarm that uses an executor of the host. The tasks run on that executor's threads. */
    static Alarm of(ScheduledExecutorService executor) {
        return (delay, task) -> {
            Future<?> scheduled = executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        };
    }
}
