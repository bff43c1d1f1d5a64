package dev.interlock.policy.mcp;

import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes when a test says so, and alarms that ring then. */
final class ManualTime implements TimeSource, Alarm {

    private final AtomicLong nanos = new AtomicLong();
    private final List<Set> alarms = new CopyOnWriteArrayList<>();

    private record Set(long at, Runnable task) {}

    void advance(Duration length) {
        long now = nanos.addAndGet(length.toNanos());
        List.copyOf(alarms).stream().filter(alarm -> alarm.at() <= now).forEach(due -> {
            alarms.remove(due);
            due.task().run();
        });
    }

    /** How many alarms are set. */
    int alarms() {
        return alarms.size();
    }

    @Override
    public Runnable in(Duration delay, Runnable task) {
        Set alarm = new Set(nanos.get() + delay.toNanos(), task);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    @Override
    public long wallMillis() {
        return nanos.get() / 1_000_000;
    }

    @Override
    public long monotonicNanos() {
        return nanos.get();
    }
}
