package dev.interlock.policy.cli.io;

import java.time.Duration;

/** A moment at which a wait ends. */
public final class Deadline {

    private final long nanos;

    private Deadline(long nanos) {
        this.nanos = nanos;
    }

    public static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    public boolean hasPassed() {
        return millisLeft() <= 0;
    }

    /** The milliseconds left, zero if the deadline has passed. */
    public long millisLeft() {
        return Math.max(0, (nanos - System.nanoTime() + 999_999) / 1_000_000);
    }
}
