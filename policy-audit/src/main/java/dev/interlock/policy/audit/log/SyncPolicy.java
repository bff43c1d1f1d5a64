package dev.interlock.policy.audit.log;

import java.time.Duration;

/**
 * When lines are forced onto the disk. A line that was written but not forced survives the end of the process, killed
 * or not, but not a power failure or a crash of the operating system. An event that is still in the queue survives
 * neither.
 */
public sealed interface SyncPolicy {

    /**
     * No call runs before the record of its decision is on the disk: {@link AuditLog#record} waits for it, but not for
     * a denial or the end of a call. Calls that are decided at the same time share one force. A call that was let
     * through is never lost from the log, unless the queue may {@link OverflowPolicy#DROP} it.
     */
    static SyncPolicy everyDecision() {
        return EveryDecision.INSTANCE;
    }

    /**
     * Forces at this interval, if anything was written. A power failure loses the lines since the last force. A killed
     * process loses what is in the queue, which the log's thread empties as fast as it can write.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    static SyncPolicy every(Duration interval) {
        return new Interval(interval);
    }

    /**
     * Forces only when a file is finished: otherwise the operating system decides when to write, mostly within half a
     * minute.
     */
    static SyncPolicy never() {
        return Never.INSTANCE;
    }

    /** See {@link #everyDecision}. */
    enum EveryDecision implements SyncPolicy {
        /** The only instance. */
        INSTANCE
    }

    /**
     * See {@link #every}.
     *
     * @param interval the time between two forces
     */
    record Interval(Duration interval) implements SyncPolicy {
        /** Refuses an interval that isn't positive. */
        public Interval {
            if (interval.isZero() || interval.isNegative()) {
                throw new IllegalArgumentException("an interval must be positive, was " + interval);
            }
        }
    }

    /** See {@link #never}. */
    enum Never implements SyncPolicy {
        /** The only instance. */
        INSTANCE
    }
}
