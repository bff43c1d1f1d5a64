package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * An exact decimal number. Numbers that fit into a {@code long} are compared as {@code long}s, all others as
 * {@link BigDecimal}. No number ever passes through a {@code double}.
 */
public final class NumberValue implements Value, Comparable<NumberValue> {

    private final long small;
    /** Null exactly if the number fits into a {@code long} and was written as a {@code long} is. */
    private final @Nullable BigDecimal big;

    private NumberValue(long small, @Nullable BigDecimal big) {
        this.small = small;
        this.big = big;
    }

    /** Returns the number {@code value}. */
    public static NumberValue of(long value) {
        return new NumberValue(value, null);
    }

    /**
     * Returns the number {@code value}. The spelling of a {@link SpelledDecimal} is kept for {@link #json} and
     * {@link #toJava}. Nothing else depends on it.
     *
     * @throws InvalidValueException if it has more digits or a larger exponent than {@link ValueLimits} allows
     */
    public static NumberValue of(BigDecimal value) {
        // Bits are checked first: counting the digits of a huge number is itself slow.
        if (value.unscaledValue().bitLength() > ValueLimits.MAX_DIGITS * 4
                || value.precision() > ValueLimits.MAX_DIGITS) {
            throw new InvalidValueException("a number has more than " + ValueLimits.MAX_DIGITS + " digits");
        }
        long exponent = (long) value.precision() - value.scale() - 1;
        // The scale is checked too: 0e-999999999 has no magnitude but would still be written out at length.
        if (Math.abs(exponent) > ValueLimits.MAX_EXPONENT
                || Math.abs((long) value.scale()) > ValueLimits.MAX_EXPONENT + ValueLimits.MAX_DIGITS) {
            throw new InvalidValueException("a number's exponent is beyond " + ValueLimits.MAX_EXPONENT);
        }
        if (value.scale() == 0 && value.unscaledValue().bitLength() < Long.SIZE && !(value instanceof SpelledDecimal)) {
            return of(value.unscaledValue().longValue());
        }
        return new NumberValue(0, value);
    }

    /**
     * Returns the number {@code value}.
     *
     * @throws InvalidValueException if it has more digits than {@link ValueLimits} allows
     */
    public static NumberValue of(BigInteger value) {
        return of(new BigDecimal(value));
    }

    /**
     * Returns the number that {@code value} is written as, which is what a JSON writer sends: {@code 0.1} is one tenth,
     * not the nearest binary fraction.
     *
     * @throws InvalidValueException if it is not finite
     */
    public static NumberValue of(double value) {
        if (!Double.isFinite(value)) {
            throw new InvalidValueException("a number is not finite, which JSON cannot express");
        }
        if (value == 0 && 1 / value < 0) {
            // A BigDecimal has no negative zero, but JSON has one.
            return of(SpelledDecimal.of("-0.0"));
        }
        return of(BigDecimal.valueOf(value));
    }

    /** Returns the exact number. */
    public BigDecimal toBigDecimal() {
        return big == null ? BigDecimal.valueOf(small) : big;
    }

    /**
     * Returns the canonical text: plain decimal digits, no exponent, no trailing zeros after the point, {@code 0} for
     * every zero.
     */
    public String plainText() {
        if (big == null) {
            return Long.toString(small);
        }
        return big.signum() == 0 ? "0" : big.stripTrailingZeros().toPlainString();
    }

    /** Returns {@link #plainText}, or null if it is longer than {@code longest}, which is found without writing it. */
    public @Nullable String plainText(int longest) {
        return big == null || plainLength(big) <= longest ? plainText() : null;
    }

    /** Returns whether {@link #plainText} equals {@code text}, without writing out a long number for a short text. */
    public boolean plainTextEquals(String text) {
        return (big == null || text.length() == plainLength(big)) && plainText().equals(text);
    }

    private static long plainLength(BigDecimal number) {
        if (number.signum() == 0) {
            return 1;
        }
        BigDecimal stripped = number.stripTrailingZeros();
        long digits = stripped.precision();
        long places = stripped.scale();
        long sign = number.signum() < 0 ? 1 : 0;
        if (places <= 0) {
            return sign + digits - places;
        }
        return sign + (digits > places ? digits + 1 : places + 2);
    }

    @Override
    public int compareTo(NumberValue other) {
        if (big == null && other.big == null) {
            return Long.compare(small, other.small);
        }
        return toBigDecimal().compareTo(other.toBigDecimal());
    }

    @Override
    public Object toJava() {
        if (big == null) {
            if (small == (int) small) {
                return (int) small;
            }
            return small;
        }
        return big.scale() == 0 && !(big instanceof SpelledDecimal) ? big.unscaledValue() : big;
    }

    @Override
    public String typeName() {
        return big == null || big.signum() == 0 || big.stripTrailingZeros().scale() <= 0 ? "integer" : "number";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NumberValue number && compareTo(number) == 0;
    }

    @Override
    public int hashCode() {
        if (big == null) {
            return Long.hashCode(small);
        }
        if (big.signum() == 0) {
            return Long.hashCode(0);
        }
        BigDecimal stripped = big.stripTrailingZeros();
        if (stripped.scale() <= 0 && stripped.precision() - stripped.scale() <= 19) {
            BigInteger integer = stripped.toBigInteger();
            if (integer.bitLength() < Long.SIZE) {
                return Long.hashCode(integer.longValue());
            }
        }
        return stripped.hashCode();
    }

    @Override
    public String json() {
        return big == null ? Long.toString(small) : big.toString();
    }

    @Override
    public String toString() {
        return typeName();
    }
}
