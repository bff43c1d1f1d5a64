package dev.interlock.policy.langchain4j;

import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until it is moved. */
final class ManualTime implements TimeSource {

    private final AtomicLong nanos = new AtomicLong();

    void advance(Duration length) {
        nanos.addAndGet(length.toNanos());
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
