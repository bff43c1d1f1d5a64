package dev.interlock.policy.audit.log;

/**
 * What happens to an event when the queue is full, because events arrive faster than the disk accepts them, or the disk
 * accepts none.
 */
public enum OverflowPolicy {
    /** The thread that records it waits until there is room. No event is lost, and calls are as slow as the disk. */
    BLOCK,
    /** It is dropped and counted. The next line that is written says how many events were dropped. */
    DROP,
    /**
     * A decision that would let a call run is refused, so the call is denied. This also applies while the disk is known
     * to accept no writes. An event that lets nothing run (a denial, the end of a call) is dropped and counted if there
     * is no room.
     */
    FAIL_CLOSED
}
