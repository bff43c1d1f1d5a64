package dev.interlock.policy.limit;

import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that a test moves by hand. Its monotonic reading may start anywhere, as {@link System#nanoTime} does. */
public final class ManualTime implements TimeSource {

    private final AtomicLong wall;
    private final AtomicLong monotonic;

    /** A clock that stands at {@code wall}. */
    public ManualTime(Instant wall, long monotonicNanos) {
        this.wall = new AtomicLong(wall.toEpochMilli());
        this.monotonic = new AtomicLong(monotonicNanos);
    }

    /** A clock that stands at {@code wall}, to be written {@code 2026-11-23T10:00:00Z}. */
    public static ManualTime at(String wall) {
        return new ManualTime(Instant.parse(wall), 0);
    }

    /** Time passes, by both clocks. */
    public void advance(Duration length) {
        wall.addAndGet(length.toMillis());
        monotonic.addAndGet(length.toNanos());
    }

    /** The monotonic clock alone moves on. */
    public void advanceNanos(long nanos) {
        monotonic.addAndGet(nanos);
    }

    /** The wall clock alone is set, in either direction. */
    public void setWall(String instant) {
        setWall(Instant.parse(instant));
    }

    /** The wall clock alone is set, in either direction. */
    public void setWall(Instant instant) {
        wall.set(instant.toEpochMilli());
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
