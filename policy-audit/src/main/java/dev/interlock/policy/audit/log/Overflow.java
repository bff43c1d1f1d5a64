package dev.interlock.policy.audit.log;

/**
 * What becomes of an event when the queue is full, because events come faster than the disk takes them, or the disk takes none.
 */
public enum Overflow {
    /** Whoever brings it waits until there is room: no event is lost, and calls are as slow as the disk. */
    BLOCK,
    /** It is dropped and counted. The next line that is written says how many were. */
    DROP,
    /**
     * A decision that would let a call through is refused, and so the call denied, also as long as the disk is known to take
     * nothing. What lets nothing through (a denial, the end of a call) is dropped and counted if there is no room.
     */
    FAIL_CLOSED
}
