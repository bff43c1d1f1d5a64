package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.interlock.policy.Limit.Form;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitTest {

    private static final Place PLACE = Place.of("tools.pay.rules[0]");
    private static final Path PRICE = Path.parse("args.price");

    @Test
    void aBudgetIsALimitForEachCapAndFirstTheOneOfACall() {
        Map<Window.Calendar, Amount> caps = new LinkedHashMap<>();
        caps.put(Window.Calendar.MONTH, Amount.of(500));
        caps.put(Window.Calendar.DAY, Amount.of(50));

        List<Limit> budget = Limit.budget(Amount.of(20), caps, PRICE, ChargeMode.SENT, Scope.GLOBAL, PLACE);

        assertThat(budget).extracting(Limit::max).containsExactly(Amount.of(20), Amount.of(500), Amount.of(50));
        assertThat(budget).extracting(Limit::window).containsExactly(null, Window.Calendar.MONTH, Window.Calendar.DAY);
        assertThat(budget).extracting(Limit::perCall).containsExactly(Amount.of(20), null, null);
        assertThat(budget).allSatisfy(limit -> {
            assertThat(limit.incrementFrom()).isEqualTo(PRICE);
            assertThat(limit.scope()).isEqualTo(Scope.GLOBAL);
            assertThat(limit.charge()).isEqualTo(ChargeMode.SENT);
        });
    }

    @Test
    void withoutAnArgumentEachCallCostsTheCapOfACall() {
        Amount fourCents = new Amount(40_000);
        Map<Window.Calendar, Amount> caps = Map.of(Window.Calendar.DAY, Amount.of(5));

        assertThat(Limit.budget(fourCents, caps, null, ChargeMode.SUCCESS, Scope.TOOL, PLACE))
                .hasSize(2)
                .allSatisfy(limit -> assertThat(limit.increment()).isEqualTo(fourCents));
    }

    @Test
    void aBudgetThatLimitsNothingOrHasNoCostIsRefused() {
        Map<Window.Calendar, Amount> caps = Map.of(Window.Calendar.DAY, Amount.of(5));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limit.budget(null, caps, null, ChargeMode.SUCCESS, Scope.TOOL, PLACE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limit.budget(null, Map.of(), PRICE, ChargeMode.SUCCESS, Scope.TOOL, PLACE));
    }

    /** One line for each part that a form has or lacks; only the lines with {@code yes} can be. */
    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            STATE,      n,          -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, yes
            STATE,      -,          -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            STATE,      ' ',        -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            STATE,      n,          5,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            STATE,      n,          -,   -,    FIXED_WINDOW,   1,   SUCCESS, -, no
            STATE,      n,          -,   HOUR, SLIDING_WINDOW, 1,   SUCCESS, -, no
            STATE,      n,          -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, m, no
            RATE_LIMIT, -,          5,   60,   TOKEN_BUCKET,   1,   SENT,    -, yes
            RATE_LIMIT, -,          5,   -,    FIXED_WINDOW,   1,   SENT,    -, no
            RATE_LIMIT, -,          -,   HOUR, FIXED_WINDOW,   1,   SENT,    -, no
            RATE_LIMIT, -,          0,   HOUR, FIXED_WINDOW,   1,   SENT,    -, no
            RATE_LIMIT, -,          1.5, HOUR, FIXED_WINDOW,   1,   SENT,    -, no
            RATE_LIMIT, -,          5,   HOUR, FIXED_WINDOW,   2,   SENT,    -, no
            RATE_LIMIT, -,          5,   MONTH, TOKEN_BUCKET,  1,   SENT,    -, no
            RATE_LIMIT, _rate_hour, 5,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, yes
            RATE_LIMIT, _rate_day,  5,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            RATE_LIMIT, _rate_hour, 5,   HOUR, SLIDING_WINDOW, 1,   SUCCESS, -, no
            RATE_LIMIT, _rate_hour, 5,   HOUR, FIXED_WINDOW,   1,   SENT,    -, no
            RATE_LIMIT, _rate_1m,   5,   60,   FIXED_WINDOW,   1,   SUCCESS, -, no
            SPEND,      -,          5,   HOUR, FIXED_WINDOW,   0.5, SUCCESS, -, yes
            SPEND,      -,          5,   -,    FIXED_WINDOW,   5,   SUCCESS, -, yes
            SPEND,      n,          5,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            SPEND,      -,          -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            SPEND,      -,          5,   60,   FIXED_WINDOW,   1,   SUCCESS, -, no
            SPEND,      -,          5,   MINUTE, FIXED_WINDOW, 1,   SUCCESS, -, no
            SPEND,      -,          5,   HOUR, TOKEN_BUCKET,   1,   SUCCESS, -, no
            LIMITS,     n,          0.5, 60,   SLIDING_WINDOW, 1,   SENT,    m, yes
            LIMITS,     -,          5,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            LIMITS,     n,          -,   HOUR, FIXED_WINDOW,   1,   SUCCESS, -, no
            LIMITS,     n,          5,   -,    FIXED_WINDOW,   1,   SUCCESS, -, no
            LIMITS,     n,          5,   HOUR, FIXED_WINDOW,   2,   SUCCESS, -, no
            """)
    void aFormHasItsPartsAndNoOthers(
            Form form,
            @Nullable String counter,
            @Nullable String max,
            @Nullable String window,
            Algorithm algorithm,
            String increment,
            ChargeMode charge,
            @Nullable String message,
            String possible) {
        Amount each = amount(increment);
        Amount most = max == null ? null : amount(max);
        Window length = window == null
                ? null
                : window.equals("60") ? new Window.Length(Duration.ofSeconds(60)) : Window.Calendar.valueOf(window);

        if (possible.equals("yes")) {
            assertThat(limit(form, counter, most, length, algorithm, each, null, charge, message)
                            .form())
                    .isEqualTo(form);
        } else {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> limit(form, counter, most, length, algorithm, each, null, charge, message));
        }
    }

    @ParameterizedTest
    @CsvSource({"SPEND, ctx.price", "SPEND, args.items[*].price", "RATE_LIMIT, args.price"})
    void anAmountThatCanNotBeReadThereIsRefused(Form form, String from) {
        Path path = Path.parse(from);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> limit(
                        form,
                        null,
                        Amount.ONE,
                        Window.Calendar.DAY,
                        Algorithm.FIXED_WINDOW,
                        Amount.ONE,
                        path,
                        ChargeMode.SUCCESS,
                        null));
    }

    private static Limit limit(
            Form form,
            @Nullable String counter,
            @Nullable Amount max,
            @Nullable Window window,
            Algorithm algorithm,
            Amount increment,
            @Nullable Path from,
            ChargeMode charge,
            @Nullable String message) {
        return new Limit(form, counter, max, window, algorithm, Scope.TOOL, increment, from, charge, message, PLACE);
    }

    private static Amount amount(String text) {
        return Amount.of(new java.math.BigDecimal(text)).orElseThrow();
    }
}
