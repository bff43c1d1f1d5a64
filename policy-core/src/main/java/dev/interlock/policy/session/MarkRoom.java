package dev.interlock.policy.session;

/** The answer to {@link SessionMemory#reserve}. */
public sealed interface MarkRoom {

    /**
     * There is room, and it is kept. A memory returns its own implementation, and gets it back in
     * {@link SessionMemory#change}.
     */
    non-sealed interface Kept extends MarkRoom {}

    /**
     * Nothing is kept.
     *
     * @param reason the reason
     */
    record None(Shortage reason) implements MarkRoom {}

    /** Why there is no room. */
    enum Shortage {
        /** Too many sessions have marks already, or too many of this caller, and none may be forgotten. */
        TOO_MANY_SESSIONS,
        /** A mark of the session would have more than {@link SessionMemory#MOST_VALUES} values. */
        TOO_MANY_VALUES,
        /** The store could not be reached, or did not answer in time. */
        UNAVAILABLE
    }
}
