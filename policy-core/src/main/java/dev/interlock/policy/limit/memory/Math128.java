package dev.interlock.policy.limit.memory;

/** Arithmetic whose intermediate results need 128 bits. All arguments and results are non-negative. */
final class Math128 {

    private Math128() {}

    /** {@code a · b / divisor}, rounded down; {@link Long#MAX_VALUE} if that is larger than any {@code long}. */
    static long multiplyDivide(long a, long b, long divisor) {
        return multiplyAddDivide(a, b, 0, divisor);
    }

    /** {@code a · b / divisor}, rounded up; {@link Long#MAX_VALUE} if that is larger than any {@code long}. */
    static long multiplyDivideUp(long a, long b, long divisor) {
        return multiplyAddDivide(a, b, divisor - 1, divisor);
    }

    /** {@code (a · b + c) / divisor}, rounded up; {@link Long#MAX_VALUE} if that is larger than any {@code long}. */
    static long multiplyAddDivideUp(long a, long b, long c, long divisor) {
        return multiplyAddDivide(a, b, c + (divisor - 1), divisor);
    }

    /**
     * {@code (a · b + c) / divisor}, rounded down; {@link Long#MAX_VALUE} if that is larger than any {@code long}. The
     * remainder is {@code a * b + c - quotient * divisor} in wrapping arithmetic, as it is smaller than the divisor.
     */
    static long multiplyAddDivide(long a, long b, long c, long divisor) {
        long high = Math.multiplyHigh(a, b);
        long low = a * b;
        long sum = low + c;
        if (Long.compareUnsigned(sum, low) < 0) {
            high++;
        }
        if (high == 0 && sum >= 0) {
            return sum / divisor;
        }
        if (high >= divisor) {
            return Long.MAX_VALUE;
        }
        long quotient = divide(high, sum, divisor);
        return quotient < 0 ? Long.MAX_VALUE : quotient;
    }

    /**
     * Long division bit by bit, as on paper. It is slow, but needed only if an amount times a length exceeds nine
     * quintillion.
     */
    private static long divide(long high, long low, long divisor) {
        long remainder = high;
        long quotient = low;
        for (int bit = 0; bit < Long.SIZE; bit++) {
            // The remainder is below the divisor, which is below 2^63. So twice the remainder still fits, unsigned.
            remainder = remainder << 1 | quotient >>> 63;
            quotient <<= 1;
            if (Long.compareUnsigned(remainder, divisor) >= 0) {
                remainder -= divisor;
                quotient |= 1;
            }
        }
        return quotient;
    }

    /** {@code a + b}, at most {@link Long#MAX_VALUE}. */
    static long add(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }
}
