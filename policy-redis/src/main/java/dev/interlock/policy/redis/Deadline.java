package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Limits the time that an answer is waited for. */
interface Deadline {

    /** Makes the answer fail with a {@link java.util.concurrent.TimeoutException} unless it comes in time. */
    void set(CompletableFuture<?> answer, Duration timeout);
}
