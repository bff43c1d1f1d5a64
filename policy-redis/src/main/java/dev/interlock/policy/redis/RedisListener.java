package dev.interlock.policy.redis;

import java.time.Duration;

/**
 * Is told when Redis is lost and when it is back: once for each, not once for each call. Called on a thread that answers
 * calls, so it must be quick. What it throws is dropped.
 */
public interface RedisListener {

    /** Tells nobody. */
    RedisListener NONE = new RedisListener() {};

    /**
     * From now on Redis isn't asked, and calls are answered by the {@link FailureMode}. Now and then one call tries again.
     *
     * @param cause the last failure
     */
    default void unavailable(Throwable cause) {}

    /**
     * Redis is asked again.
     *
     * @param outage how long it was not
     */
    default void available(Duration outage) {}
}
