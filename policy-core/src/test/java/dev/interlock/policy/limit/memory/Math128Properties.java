package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** 128-bit arithmetic against {@link BigInteger}. */
class Math128Properties {

    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    @Property
    void quotientsAreRoundedDown(
            @ForAll @LongRange(max = Long.MAX_VALUE) long a,
            @ForAll @LongRange(max = Long.MAX_VALUE) long b,
            @ForAll @LongRange(max = Long.MAX_VALUE) long c,
            @ForAll @LongRange(min = 1, max = Long.MAX_VALUE) long divisor) {
        BigInteger exact = BigInteger.valueOf(a)
                .multiply(BigInteger.valueOf(b))
                .add(BigInteger.valueOf(c))
                .divide(BigInteger.valueOf(divisor));

        assertThat(Math128.multiplyAddDivide(a, b, c, divisor))
                .isEqualTo(exact.min(MAX).longValueExact());
    }

    @Property
    void quotientsAreRoundedUp(
            @ForAll @LongRange(max = Long.MAX_VALUE) long a,
            @ForAll @LongRange(max = Long.MAX_VALUE) long b,
            @ForAll @LongRange(min = 1, max = Long.MAX_VALUE) long divisor) {
        BigInteger[] exact =
                BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).divideAndRemainder(BigInteger.valueOf(divisor));
        BigInteger up = exact[1].signum() == 0 ? exact[0] : exact[0].add(BigInteger.ONE);

        assertThat(Math128.multiplyDivideUp(a, b, divisor))
                .isEqualTo(up.min(MAX).longValueExact());
    }

    @Property
    void remaindersComeOutOfWrappingArithmetic(
            @ForAll @LongRange(max = Long.MAX_VALUE) long a,
            @ForAll @LongRange(max = 1_000_000_000_000L) long b,
            @ForAll @LongRange(min = 1_000_000_000_000L, max = Long.MAX_VALUE) long divisor) {
        long remainder = BigInteger.valueOf(a)
                .multiply(BigInteger.valueOf(b))
                .mod(BigInteger.valueOf(divisor))
                .longValueExact();

        assertThat(a * b - Math128.multiplyDivide(a, b, divisor) * divisor).isEqualTo(remainder);
    }
}
