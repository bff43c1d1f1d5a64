package dev.interlock.policy.engine;

import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.Reminder;
import dev.interlock.policy.time.TimeSource;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices when grants begin or cease to be in force, for those who want to know. Looks at the clock when the next
 * change is due, and at least once an hour, because a wall clock may be set. Thread-safe.
 */
final class GrantTimes {

    private static final Duration LONGEST = Duration.ofHours(1);

    private final TimeSource time;

    /** The windows of the policy in force. */
    private final Supplier<List<TimeWindow>> windows;

    private final ChangeListeners listeners;
    private final Reminder reminder;

    /** What was seen when the clock was last looked at. Guarded by this. */
    private @Nullable Sight last;

    private record Sight(List<TimeWindow> windows, List<Boolean> inForce) {}

    GrantTimes(Alarm alarm, TimeSource time, Supplier<List<TimeWindow>> windows, ChangeListeners listeners) {
        this.time = time;
        this.windows = windows;
        this.listeners = listeners;
        // An alarm that is set must not keep an engine alive that nobody uses any more.
        WeakReference<GrantTimes> self = new WeakReference<>(this);
        this.reminder = new Reminder(alarm, () -> {
            GrantTimes times = self.get();
            return times == null ? null : times.look();
        });
    }

    /** There is another policy or another listener. */
    void changed() {
        reminder.sooner();
    }

    /** Tells the listeners if a grant has begun or ceased to be in force. Returns how long until it looks again. */
    private @Nullable Duration look() {
        List<TimeWindow> current = windows.get();
        if (current.isEmpty() || listeners.size() == 0) {
            return null;
        }
        Instant now = Instant.ofEpochMilli(time.wallMillis());
        Sight sight = new Sight(
                current, current.stream().map(window -> window.includes(now)).toList());
        boolean changed;
        synchronized (this) {
            changed = last != null && last.windows.equals(current) && !last.equals(sight);
            last = sight;
        }
        if (changed) {
            listeners.tell();
        }
        return current.stream()
                .flatMap(window -> window.change(now).stream())
                .map(change -> Duration.between(now, change))
                .reduce(LONGEST, (a, b) -> a.compareTo(b) <= 0 ? a : b);
    }
}
