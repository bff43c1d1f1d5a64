package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Handles things that become due in the order in which they came. It uses one alarm at a time, however many things
 * there are. Thread-safe.
 */
public final class Reminder {

    private final Alarm alarm;
    private final Supplier<@Nullable Duration> task;
    private final AtomicBoolean set = new AtomicBoolean();
    private volatile Runnable callOff = () -> {};

    /**
     * Creates a reminder that has nothing to do yet.
     *
     * @param alarm rings when the oldest thing is due
     * @param task handles what is due, and returns how long until the next thing is due; null if nothing is left. It
     *     must be quick and must not throw
     */
    public Reminder(Alarm alarm, Supplier<@Nullable Duration> task) {
        this.alarm = alarm;
        this.task = task;
    }

    /**
     * Reports something that is due after {@code delay}. Does nothing if the alarm is already set for something older.
     * Never throws: if the alarm can't be set, the next thing tries again.
     */
    public void in(Duration delay) {
        if (set.get() || !set.compareAndSet(false, true)) {
            return;
        }
        try {
            callOff = alarm.in(delay, this::ring);
        } catch (RuntimeException e) {
            // For example, the host's executor is shut down. That must not make a call fail.
            set.set(false);
        }
    }

    private void ring() {
        // First: things that come from now on set the alarm themselves, and the task sees everything that came before.
        set.set(false);
        Duration next = task.get();
        if (next != null) {
            in(next);
        }
    }

    /** Reports that nothing is left to handle. */
    public void cancel() {
        if (set.getAndSet(false)) {
            callOff.run();
        }
    }
}
