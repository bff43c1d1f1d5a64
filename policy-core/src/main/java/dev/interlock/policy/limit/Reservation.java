package dev.interlock.policy.limit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The answer to {@link RateLimiter#reserve}. */
public sealed interface Reservation {

    /**
     * There was room for everything, and it is taken. Limiters give their own implementation, which remembers what to
     * give back; it is handed to {@link RateLimiter#settle} once.
     */
    non-sealed interface Granted extends Reservation {}

    /**
     * Nothing was taken.
     *
     * @param charge the position in the batch of the first charge without room; -1 if the reason concerns no single one
     * @param reason why
     * @param retryAfter how long until there may be room, rounded up; null if waiting alone won't help
     */
    record Refused(int charge, Reason reason, @Nullable Duration retryAfter) implements Reservation {}

    /** Why nothing was taken. */
    enum Reason {
        /** A limit is used up. */
        NO_ROOM,
        /** The amount is larger than the limit ever has room for. */
        TOO_LARGE,
        /** Too many keys are counted already, and none may be forgotten. */
        TOO_MANY_KEYS,
        /** The store could not be asked, or did not answer in time. */
        UNAVAILABLE
    }
}
