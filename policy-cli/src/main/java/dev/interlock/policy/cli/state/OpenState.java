package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;

/**
 * A store that is open.
 *
 * @param limiter what counts limits
 * @param lasts whether what is kept outlives this process
 * @param closing gives back connections and threads
 */
public record OpenState(RateLimiter limiter, boolean lasts, Runnable closing) implements AutoCloseable {

    static OpenState inMemory() {
        return new OpenState(InMemoryRateLimiter.create(), false, () -> {});
    }

    @Override
    public void close() {
        closing.run();
    }
}
