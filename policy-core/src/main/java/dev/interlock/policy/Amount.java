package dev.interlock.policy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * An exact, non-negative decimal amount with up to six places: a count of calls, or a sum of money.
 *
 * @param micros the amount in millionths
 */
public record Amount(long micros) implements Comparable<Amount> {

    /** Decimal places. */
    public static final int PLACES = 6;

    /** Millionths in one. */
    public static final long ONE_MICROS = 1_000_000;

    /** Nothing. */
    public static final Amount ZERO = new Amount(0);

    /** The smallest amount that is not nothing: a millionth. */
    public static final Amount LEAST = new Amount(1);

    /** One: what a call counts by default. */
    public static final Amount ONE = new Amount(ONE_MICROS);

    /** The largest amount, about a trillion. Sums of two amounts never overflow a {@code long}. */
    public static final Amount MAX = new Amount(1_000_000_000_000_000_000L);

    /** Refuses negative amounts and amounts above {@link #MAX}. */
    public Amount {
        if (micros < 0 || micros > 1_000_000_000_000_000_000L) {
            throw new IllegalArgumentException("an amount must be between 0 and 1e12, was " + micros + " millionths");
        }
    }

    /** Returns a whole amount. */
    public static Amount of(long whole) {
        return new Amount(Math.multiplyExact(whole, ONE_MICROS));
    }

    /**
     * Returns the amount that is exactly {@code value}; empty if it is negative, too large, or has more than six
     * places.
     */
    public static Optional<Amount> of(BigDecimal value) {
        if (value.signum() < 0 || value.compareTo(MAX.toBigDecimal()) > 0) {
            return Optional.empty();
        }
        BigDecimal micros = value.movePointRight(PLACES).stripTrailingZeros();
        if (micros.scale() > 0) {
            return Optional.empty();
        }
        return Optional.of(
                new Amount(micros.setScale(0, RoundingMode.UNNECESSARY).longValueExact()));
    }

    /** Returns the amount as a decimal. */
    public BigDecimal toBigDecimal() {
        return BigDecimal.valueOf(micros, PLACES);
    }

    @Override
    public int compareTo(Amount other) {
        return Long.compare(micros, other.micros);
    }

    /** Returns plain decimal digits without trailing zeros: {@code 5}, {@code 0.25}. */
    @Override
    public String toString() {
        return micros == 0 ? "0" : toBigDecimal().stripTrailingZeros().toPlainString();
    }
}
