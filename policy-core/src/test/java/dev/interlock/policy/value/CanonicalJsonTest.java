package dev.interlock.policy.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CanonicalJsonTest {

    @Test
    void membersAreInOrderAndNumbersInPlainDigits() {
        assertThat(CanonicalJson.of(Value.freeze(Map.of("b", new BigDecimal("1.50e3"), "a", -0.0, "c", 1e-7))))
                .isEqualTo("{\"a\":0,\"b\":1500,\"c\":0.0000001}");
    }

    @Property
    void numbersAreEqualExactlyWhenTheirTextsAre(
            @ForAll long one,
            @ForAll @IntRange(min = -60, max = 60) int oneScale,
            @ForAll long other,
            @ForAll @IntRange(min = -60, max = 60) int otherScale) {
        BigDecimal a = BigDecimal.valueOf(one, oneScale);
        BigDecimal b = BigDecimal.valueOf(other, otherScale);

        assertThat(text(a).equals(text(b))).isEqualTo(a.compareTo(b) == 0);
        assertThat(text(a)).isEqualTo(text(a.setScale(oneScale + 50)));
        assertThat(new BigDecimal(text(a))).isEqualByComparingTo(a);
    }

    @Test
    void numbersOfAFewBytesDoNotMakeATextOfGigabytes() {
        Value numbers = Value.freeze(Collections.nCopies(100_000, new BigDecimal("1e-9999")));

        assertThat(CanonicalJson.of(numbers)).hasSizeLessThan(2 << 20);
    }

    @Test
    void aHugeDecimalIsRefusedBeforeItsDigitsAreCounted() {
        BigDecimal huge = new BigDecimal(BigInteger.ONE.shiftLeft(200_000_000));

        assertTimeoutPreemptively(
                Duration.ofMinutes(5),
                () -> assertThatThrownBy(() -> NumberValue.of(huge)).isInstanceOf(InvalidValueException.class));
    }

    private static String text(BigDecimal number) {
        return CanonicalJson.of(NumberValue.of(number));
    }
}
