package dev.interlock.policy.limit.memory;

/**
 * The total that was given back in one bucket from before its end. When a giving back leaves a gap, everything behind
 * the gap moves up by its length. A charge that remembers the total at its own time knows how far it can have moved
 * since.
 *
 * <p>A length is a number of nanoseconds and a fraction, counted in parts of the rate's {@code max}.
 */
final class GivenBackTotal {

    /** Beyond this, nothing more is given back in this bucket, except at its end. */
    private static final long LIMIT = Long.MAX_VALUE / 4;

    /** Read by threads that take without a claim. An older value only causes less to be given back. */
    private volatile long nanos;

    private long fraction;

    GivenBackTotal() {}

    /** One that was kept. */
    GivenBackTotal(long nanos, long fraction) {
        this.nanos = nanos;
        this.fraction = fraction;
    }

    long nanos() {
        return nanos;
    }

    long fraction() {
        return fraction;
    }

    /** Records that everything behind the gap has moved. False if the total is too large to be counted. */
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
