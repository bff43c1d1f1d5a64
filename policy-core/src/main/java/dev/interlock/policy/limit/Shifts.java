package dev.interlock.policy.limit;

/**
 * How much was given back in one bucket from before its end, in all. Whatever stands behind a gap that a giving back
 * leaves moves up by it; a charge that remembers the total at its own time knows how far it can have moved since.
 *
 * <p>Lengths are in nanoseconds and a fraction, counted in parts of the meter's {@code max}.
 */
final class Shifts {

    /** Past this, nothing more is given back in this bucket, except at its end. */
    private static final long LIMIT = Long.MAX_VALUE / 4;

    /** Read by takers who have no claim: an older value only gives back less. */
    private volatile long nanos;

    private long fraction;

    long nanos() {
        return nanos;
    }

    long fraction() {
        return fraction;
    }

    /** Notes that everything behind has moved; false if there have been too many to keep count. */
    boolean add(long moreNanos, long moreFraction, long parts) {
        if (nanos > LIMIT - moreNanos) {
            return false;
        }
        long sum = fraction + moreFraction;
        long carry = sum >= parts ? 1 : 0;
        fraction = sum - carry * parts;
        nanos = nanos + moreNanos + carry;
        return true;
    }
}
