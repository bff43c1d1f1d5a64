package dev.interlock.policy.redis;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;

/** What a test lets the scripts take for the server's time. */
final class ServerClock {

    private final AtomicLong micros = new AtomicLong();

    ServerClock(Instant now) {
        set(now);
    }

    void set(Instant now) {
        micros.set(ChronoUnit.MICROS.between(Instant.EPOCH, now));
    }

    void advance(Duration length) {
        micros.addAndGet(length.toNanos() / 1_000);
    }

    Instant now() {
        return Instant.EPOCH.plus(micros.get(), ChronoUnit.MICROS);
    }

    String text() {
        return Long.toString(micros.get());
    }
}
