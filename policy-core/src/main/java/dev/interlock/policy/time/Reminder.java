package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Handles things that become due in the order in which they came. It uses one alarm at a time, however many things
 * there are. Thread-safe.
 */
public final class Reminder {

    private final Alarm alarm;
    private final Supplier<@Nullable Duration> task;

    /** The alarm that is set; null if none is. */
    private final AtomicReference<@Nullable Setting> current = new AtomicReference<>();

    /** One alarm, from the moment at which it is decided to set it. */
    private static final class Setting {

        /** Calls the alarm off; null until it is set. Guarded by this. */
        private @Nullable Runnable callOff;

        /** Whether the alarm is to be called off. Guarded by this. */
        private boolean isOff;

        void isSet(Runnable callingOff) {
            boolean late;
            synchronized (this) {
                callOff = callingOff;
                late = isOff;
            }
            if (late) {
                callingOff.run();
            }
        }

        void callOff() {
            Runnable callingOff;
            synchronized (this) {
                isOff = true;
                callingOff = callOff;
            }
            if (callingOff != null) {
                callingOff.run();
            }
        }
    }

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
        if (current.get() != null) {
            return;
        }
        Setting setting = new Setting();
        if (current.compareAndSet(null, setting)) {
            set(setting, delay);
        }
    }

    /**
     * Reports something that is due before everything else. Handles what is due, and sets the alarm anew. Whoever
     * reports things in this way reports all of them so, or only those that are due last by {@link #in}.
     */
    public void sooner() {
        Setting setting = new Setting();
        Setting before = current.getAndSet(setting);
        if (before != null) {
            before.callOff();
        }
        // Only now: of several that do this at once, the last sees what all have reported.
        Duration next = task.get();
        if (next == null) {
            current.compareAndSet(setting, null);
        } else {
            set(setting, next);
        }
    }

    private void set(Setting setting, Duration delay) {
        try {
            setting.isSet(alarm.in(delay, () -> ring(setting)));
        } catch (RuntimeException e) {
            // For example, the host's executor is shut down. That must not make a call fail.
            current.compareAndSet(setting, null);
        }
    }

    private void ring(Setting setting) {
        // First: things that come from now on set the alarm themselves, and the task sees everything that came before.
        if (current.compareAndSet(setting, null)) {
            Duration next = task.get();
            if (next != null) {
                in(next);
            }
        }
    }

    /** Reports that nothing is left to handle. */
    public void cancel() {
        Setting setting = current.getAndSet(null);
        if (setting != null) {
            setting.callOff();
        }
    }
}
