package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sees to things that are due in the order in which they came, with one alarm at a time however many there are.
 * Thread-safe.
 */
public final class Reminder {

    private final Alarm alarm;
    private final Supplier<@Nullable Duration> task;
    private final AtomicBoolean set = new AtomicBoolean();
    private volatile Runnable callOff = () -> {};

    /**
     * A reminder that has nothing to do yet.
     *
     * @param alarm tells that the oldest thing is due
     * @param task sees to what is due, and answers how long until the next thing is; null if nothing is left. It must be
     *     quick and must not throw
     */
    public Reminder(Alarm alarm, Supplier<@Nullable Duration> task) {
        this.alarm = alarm;
        this.task = task;
    }

    /**
     * Something has come that is due after so long. Does nothing if the alarm is set already, for something older. Never
     * throws: an alarm that can't be set is tried again with the next thing.
     */
    public void in(Duration delay) {
        if (set.get() || !set.compareAndSet(false, true)) {
            return;
        }
        try {
            callOff = alarm.in(delay, this::ring);
        } catch (RuntimeException e) {
            // The host's executor is shut down, for one. A call must not fail for that.
            set.set(false);
        }
    }

    private void ring() {
        // First: what comes from now on sets the alarm itself, and what came before is there to be seen.
        set.set(false);
        Duration next = task.get();
        if (next != null) {
            in(next);
        }
    }

    /** Nothing is left to be seen to. */
    public void cancel() {
        if (set.getAndSet(false)) {
            callOff.run();
        }
    }
}
