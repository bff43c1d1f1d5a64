package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What ends the waiting for an answer. */
interface Deadline {

    /** By the time of this machine. */
    Deadline SYSTEM = (answer, timeout) -> {
        // It is the answer itself.
        var unused = answer.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
    };

    /** Lets the answer fail with a {@link java.util.concurrent.TimeoutException} unless it comes in time. */
    void set(CompletableFuture<?> answer, Duration timeout);
}
