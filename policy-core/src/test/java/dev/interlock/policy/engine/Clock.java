package dev.interlock.policy.engine;

import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** Time that a test moves by hand, for both clocks alike. It is 31 March 2026, 23:30 UTC to begin with. */
final class Clock implements TimeSource {

    private final AtomicLong millis =
            new AtomicLong(Instant.parse("2026-03-31T23:30:00Z").toEpochMilli());

    void pass(Duration duration) {
        millis.addAndGet(duration.toMillis());
    }

    void set(long now) {
        millis.set(now);
    }

    @Override
    public long wallMillis() {
        return millis.get();
    }

    @Override
    public long monotonicNanos() {
        return millis.get() * 1_000_000;
    }
}
