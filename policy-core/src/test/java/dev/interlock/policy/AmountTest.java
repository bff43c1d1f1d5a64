package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Amounts and windows: what they are, what they are not, and how they are written. */
class AmountTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "-0.0, 0, 0",
        "0e-20, 0, 0",
        "5, 5000000, 5",
        "5.000000, 5000000, 5",
        "5.0000000000, 5000000, 5",
        "5e0, 5000000, 5",
        "0.000001, 1, 0.000001",
        "1e-6, 1, 0.000001",
        "0.25, 250000, 0.25",
        "1e12, 1000000000000000000, 1000000000000",
        "999999999999.999999, 999999999999999999, 999999999999.999999"
    })
    void anAmountIsExact(String text, long micros, String written) {
        assertThat(Amount.of(new BigDecimal(text))).contains(new Amount(micros));
        assertThat(new Amount(micros)).hasToString(written);
        assertThat(new Amount(micros).toBigDecimal()).isEqualByComparingTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1",
                "-0.000001",
                "0.0000001",
                "1e-7",
                "1e-2000000000",
                "1.0000001",
                "1000000000000.000001",
                "1000000000001",
                "9223372036854.775808",
                "1e13",
                "1e400",
                "1e2000000000"
            })
    void theseAreNoAmounts(String text) {
        assertThat(Amount.of(new BigDecimal(text))).isEmpty();
    }

    @Test
    void anAmountIsBetweenNothingAndATrillion() {
        assertThatThrownBy(() -> new Amount(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Amount(Amount.MAX.micros() + 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Amount.of(Long.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
        assertThat(Amount.MAX.micros() + Amount.MAX.micros()).as("no overflow").isPositive();
        assertThat(Amount.of(2)).isGreaterThan(Amount.ONE).isGreaterThan(Amount.ZERO);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1s",
        "59, 59s",
        "60, 1m",
        "90, 90s",
        "3600, 1h",
        "5400, 90m",
        "86400, 1d",
        "604800, 7d",
        "31622400, 366d"
    })
    void aLengthIsWrittenInTheLargestUnitThatFits(long seconds, String text) {
        assertThat(new Window.Length(Duration.ofSeconds(seconds)).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT0.5S", "PT1.5S", "P367D", "P366DT1S"})
    void theseAreNoLengths(String duration) {
        assertThatThrownBy(() -> new Window.Length(Duration.parse(duration)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyCalendarUnitButTheMonthHasALength() {
        for (Window.Calendar unit : Window.Calendar.values()) {
            assertThat(Window.Calendar.of(unit.text())).contains(unit);
            assertThat(unit.length().isPresent()).isEqualTo(unit != Window.Calendar.MONTH);
        }
        assertThat(Window.Calendar.of("Hour")).isEmpty();
        assertThat(Window.Calendar.of("year")).isEmpty();
    }
}
