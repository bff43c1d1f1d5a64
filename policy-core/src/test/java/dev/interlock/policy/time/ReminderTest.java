package dev.interlock.policy.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReminderTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final List<Duration> set = new ArrayList<>();
    private final Deque<Runnable> alarms = new ArrayDeque<>();
    private int seenTo;
    private @Nullable Duration next;

    private final Reminder reminder = new Reminder(
            (delay, task) -> {
                set.add(delay);
                alarms.add(task);
                return () -> alarms.remove(task);
            },
            () -> {
                seenTo++;
                return next;
            });

    private void ring() {
        alarms.remove().run();
    }

    @Test
    void setsOneAlarmAtATimeHoweverManyThingsAreDue() {
        for (int i = 0; i < 1_000; i++) {
            reminder.in(MINUTE);
        }

        assertThat(set).containsExactly(MINUTE);
    }

    @Test
    void setsTheNextAlarmForWhatIsLeftAndNoneForNothing() {
        reminder.in(MINUTE);
        next = Duration.ofSeconds(3);
        ring();
        next = null;
        ring();

        assertThat(set).containsExactly(MINUTE, Duration.ofSeconds(3));
        assertThat(seenTo).isEqualTo(2);
        reminder.in(MINUTE);
        assertThat(alarms).hasSize(1);
    }

    @Test
    void callsItsAlarmOffAndCanBeSetAgain() {
        reminder.in(MINUTE);

        reminder.cancel();
        assertThat(alarms).isEmpty();
        reminder.cancel();
        reminder.in(MINUTE);

        assertThat(alarms).hasSize(1);
    }

    @Test
    void failsNoOneForAnAlarmThatCanNotBeSetAndTriesAgain() {
        int[] tries = {0};
        Reminder broken = new Reminder(
                (delay, task) -> {
                    tries[0]++;
                    throw new IllegalStateException("shut down");
                },
                () -> null);

        broken.in(MINUTE);
        broken.in(MINUTE);

        assertThat(tries[0]).isEqualTo(2);
    }
}
