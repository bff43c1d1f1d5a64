package dev.interlock.policy.audit.log;

import java.time.Duration;

/**
 * When lines are forced onto the disk. A line that was written but not forced outlives the process, killed or not, but not a
 * loss of power or a crash of the operating system. An event that is still in the queue outlives neither.
 */
public sealed interface Sync {

    /**
     * No call is made before the record of its decision is on the disk: {@link AuditLog#record} waits for it, but not for a
     * denial or the end of a call. Calls that are decided at the same time share one forcing. Nothing that was let through is
     * ever lost, unless the queue may {@link Overflow#DROP} it.
     */
    static Sync everyDecision() {
        return EveryDecision.INSTANCE;
    }

    /**
     * At this interval, if anything was written. A loss of power loses what came in it, a killed process what is in the
     * queue, which the log's thread empties as fast as it can write.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    static Sync every(Duration interval) {
        return new Interval(interval);
    }

    /** Never, but when a file is finished: the operating system writes when it sees fit, mostly within half a minute. */
    static Sync never() {
        return Never.INSTANCE;
    }

    /** See {@link #everyDecision}. */
    enum EveryDecision implements Sync {
        /** The only one. */
        INSTANCE
    }

    /**
     * See {@link #every}.
     *
     * @param interval how long apart
     */
    record Interval(Duration interval) implements Sync {
        /** Refuses an interval that isn't positive. */
        public Interval {
            if (interval.isZero() || interval.isNegative()) {
                throw new IllegalArgumentException("an interval must be positive, was " + interval);
            }
        }
    }

    /** See {@link #never}. */
    enum Never implements Sync {
        /** The only one. */
        INSTANCE
    }
}
