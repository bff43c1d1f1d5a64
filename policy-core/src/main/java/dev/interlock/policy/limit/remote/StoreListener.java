package dev.interlock.policy.limit.remote;

import java.time.Duration;

/**
 * Notified when a store is lost and when it is back: once for each event, not once for each call. Called on a thread
 * that answers calls, so it must be quick. Exceptions that it throws are ignored.
 */
public interface StoreListener {

    /** Does nothing. */
    StoreListener NONE = new StoreListener() {};

    /**
     * From now on the store isn't asked, and calls are answered by the {@link FailureMode}. From time to time one call
     * tries again.
     *
     * @param cause the last failure
     */
    default void unavailable(Throwable cause) {}

    /**
     * The store is asked again.
     *
     * @param outage how long it was not asked
     */
    default void available(Duration outage) {}
}
