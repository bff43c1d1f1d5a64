package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What ends the waiting for an answer. */
interface Deadline {

    /** Lets the answer fail with a {@link java.util.concurrent.TimeoutException} unless it comes in time. */
    void set(CompletableFuture<?> answer, Duration timeout);
}
