package dev.interlock.policy.redis;

import java.math.BigDecimal;

/** What becomes of calls while Redis can't be asked. */
public sealed interface FailureMode {

    /** They are denied. The default, and the only mode in which an outage admits nothing. */
    static FailureMode closed() {
        return new Closed();
    }

    /** They go ahead uncounted. An outage, or whoever can cause one, then lifts all limits. */
    static FailureMode open() {
        return new Open();
    }

    /**
     * They are counted in this process, by limits of which {@code max} is this fraction, rounded down. With n processes
     * and a fraction of 1/n, all of them together admit in an outage what Redis would have, once more than it had admitted
     * before. Counts go neither way when Redis is back: what was admitted meanwhile was admitted besides. They are kept for
     * the next outage, so that one that comes and goes hands nothing out.
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

        /** Refuses fractions that are none. */
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
