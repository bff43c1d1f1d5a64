package dev.interlock.policy.limit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The answer to {@link RateLimiter#reserve}. */
public sealed interface Reservation {

    /**
     * There was room for everything, and it is taken. A limiter returns its own implementation, which remembers what to
     * give back. It is passed to {@link RateLimiter#settle} once.
     */
    non-sealed interface Granted extends Reservation {}

    /**
     * Nothing was taken.
     *
     * @param charge the position in the batch of the first charge without room; -1 if the reason does not concern a
     *     single charge
     * @param reason the reason
     * @param retryAfter how long until there may be room, rounded up; null if waiting alone does not help
     */
    record NotGranted(int charge, Reason reason, @Nullable Duration retryAfter) implements Reservation {}

    /** Why nothing was taken. */
    enum Reason {
        /** A limit is used up. */
        NO_ROOM,
        /** The amount is larger than the limit ever has room for. */
        TOO_LARGE,
        /** Too many keys are counted already, and none may be forgotten. */
        TOO_MANY_KEYS,
        /** The store could not be reached, or did not answer in time. */
        UNAVAILABLE
    }
}
