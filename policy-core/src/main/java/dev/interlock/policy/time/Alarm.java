package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Does something later. Implementations are thread-safe and hold no thread for what is not due yet. */
@FunctionalInterface
public interface Alarm {

    /**
     * Runs a task once, when the time has passed.
     *
     * @param delay how long to wait; zero or less means at once
     * @param task what to do; it must be quick and must not throw
     * @return calls the task off when it is run: it then does not run, unless it has begun to
     */
    Runnable in(Duration delay, Runnable task);

    /** Keeps time with what the JVM has for that. No thread is started but the one that all of the JVM shares. */
    static Alarm system() {
        return SystemAlarm.INSTANCE;
    }

    /** Keeps time with an executor of the host's, on whose threads the tasks run. */
    static Alarm of(ScheduledExecutorService executor) {
        return (delay, task) -> {
            Future<?> scheduled = executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        };
    }
}
