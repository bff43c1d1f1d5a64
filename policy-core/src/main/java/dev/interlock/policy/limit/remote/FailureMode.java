package dev.interlock.policy.limit.remote;

import java.math.BigDecimal;

/** What happens to calls while a store of counts is unavailable. */
public sealed interface FailureMode {

    /** Calls are denied. This is the default, and the only mode in which an outage admits nothing. */
    static FailureMode closed() {
        return new Closed();
    }

    /** Calls go ahead uncounted. An outage then lifts all limits, and so can anyone who is able to cause one. */
    static FailureMode open() {
        return new Open();
    }

    /**
     * Calls are counted in this process, against limits whose {@code max} is this fraction of the policy's, rounded
     * down. With n processes and a fraction of 1/n, all of them together admit in an outage as much as the store
     * would have, in addition to what it had admitted before. Counts are not transferred in either direction when the
     * store is back: what was admitted meanwhile comes on top. Local counts are kept for the next outage, so a
     * connection that comes and goes hands nothing out.
     *
     * @param fraction above 0, at most 1
     * @throws IllegalArgumentException if it isn't
     */
    static FailureMode local(double fraction) {
        return new Local(fraction);
    }

    /** See {@link #closed}. */
    record Closed() implements FailureMode {}

    /** See {@link #open}. */
    record Open() implements FailureMode {}

    /**
     * See {@link #local}.
     *
     * @param fraction of each limit, above 0, at most 1
     */
    record Local(double fraction) implements FailureMode {

        /** Rejects a fraction that is out of range. */
        public Local {
            if (!(fraction > 0 && fraction <= 1)) {
                throw new IllegalArgumentException(
                        "the fraction of a limit must be above 0 and at most 1, was " + fraction);
            }
        }

        BigDecimal exactly() {
            return BigDecimal.valueOf(fraction);
        }
    }
}
