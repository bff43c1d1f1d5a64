package dev.interlock.policy.doubles;

import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A clock that a test moves by hand. Its monotonic reading may start anywhere, as {@link System#nanoTime} does. Alarms
 * follow the monotonic reading: they ring in order as time passes, on the thread that moves it.
 */
public final class ManualTime implements TimeSource, Alarm {

    private final AtomicLong wall;
    private final AtomicLong monotonic;
    // By their difference, since the monotonic reading may overflow.
    private final PriorityQueue<Bell> bells = new PriorityQueue<>((a, b) -> Long.signum(a.due - b.due));

    private record Bell(long due, Runnable task) {}

    /** A clock that stands at {@code wall}. */
    public ManualTime(Instant wall, long monotonicNanos) {
        this.wall = new AtomicLong(wall.toEpochMilli());
        this.monotonic = new AtomicLong(monotonicNanos);
    }

    /** A clock that stands at 1970-01-01, where the monotonic reading is 0. */
    public ManualTime() {
        this(Instant.EPOCH, 0);
    }

    /** A clock that stands at {@code wall}, to be written {@code 2026-11-23T10:00:00Z}. */
    public static ManualTime at(String wall) {
        return new ManualTime(Instant.parse(wall), 0);
    }

    /** Time passes, by both clocks. */
    public void advance(Duration length) {
        wall.addAndGet(length.toMillis());
        advanceNanos(length.toNanos());
    }

    /** The monotonic clock alone moves on. */
    public void advanceNanos(long nanos) {
        monotonic.addAndGet(nanos);
        for (Runnable task = ringing(); task != null; task = ringing()) {
            task.run();
        }
    }

    private @Nullable Runnable ringing() {
        synchronized (bells) {
            Bell next = bells.peek();
            if (next == null || next.due - monotonic.get() > 0) {
                return null;
            }
            bells.remove();
            return next.task;
        }
    }

    /** The wall clock alone is set, in either direction. */
    public void setWall(String instant) {
        setWall(Instant.parse(instant));
    }

    /** The wall clock alone is set, in either direction. */
    public void setWall(Instant instant) {
        wall.set(instant.toEpochMilli());
    }

    /** Both clocks are set by a reading of the wall clock, in either direction. No alarm rings. */
    public void set(long wallMillis) {
        monotonic.addAndGet((wallMillis - wall.getAndSet(wallMillis)) * 1_000_000);
    }

    /** How many alarms are set. */
    public int alarms() {
        synchronized (bells) {
            return bells.size();
        }
    }

    @Override
    public Runnable in(Duration delay, Runnable task) {
        Bell bell = new Bell(monotonic.get() + delay.toNanos(), task);
        synchronized (bells) {
            bells.add(bell);
        }
        return () -> {
            synchronized (bells) {
                bells.remove(bell);
            }
        };
    }

    @Override
    public long wallMillis() {
        return wall.get();
    }

    @Override
    public long monotonicNanos() {
        return monotonic.get();
    }
}
