package dev.interlock.policy.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

    @Test
    void setsTheAlarmAnewForWhatIsDueSooner() {
        reminder.in(MINUTE);
        next = Duration.ofSeconds(3);
        reminder.sooner();
        assertThat(alarms).hasSize(1);
        assertThat(set).containsExactly(MINUTE, Duration.ofSeconds(3));

        next = null;
        reminder.sooner();
        assertThat(alarms).isEmpty();
        reminder.in(MINUTE);
        assertThat(alarms).hasSize(1);
    }

    @Test
    void anAlarmThatIsReplacedWhileItIsBeingSetIsCalledOff() {
        Set<Runnable> alive = new HashSet<>();
        Reminder[] nested = new Reminder[1];
        nested[0] = new Reminder(
                (delay, task) -> {
                    alive.add(task);
                    if (alive.size() == 1) {
                        // As another thread would do at this moment.
                        nested[0].sooner();
                    }
                    return () -> alive.remove(task);
                },
                () -> MINUTE);

        nested[0].sooner();

        assertThat(alive).hasSize(1);
        alive.iterator().next().run();
        assertThat(alive).as("the next alarm, beside the one that has rung").hasSize(2);
    }

    @Test
    void threadsThatSetItAnewAtOnceLeaveOneAlarm() throws Exception {
        int threads = 3;
        Set<Runnable> alive = ConcurrentHashMap.newKeySet();
        Reminder shared = new Reminder(
                (delay, task) -> {
                    alive.add(task);
                    return () -> alive.remove(task);
                },
                () -> MINUTE);
        CyclicBarrier together =
                new CyclicBarrier(threads, () -> assertThat(alive).hasSizeLessThanOrEqualTo(1));
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(pool.submit(() -> {
                    for (int round = 0; round < 2_000; round++) {
                        together.await();
                        shared.sooner();
                        if (together.await() == 0) {
                            assertThat(alive).hasSize(1);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
