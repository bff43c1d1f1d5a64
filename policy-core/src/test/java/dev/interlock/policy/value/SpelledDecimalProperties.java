package dev.interlock.policy.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A number with a spelling is sent as it was spelled. In all else, it is like any other number with its value. */
class SpelledDecimalProperties {

    /** Every form that JSON has for a number. */
    @Provide
    Arbitrary<String> spellings() {
        return Combinators.combine(
                        Arbitraries.of("", "-"),
                        Arbitraries.oneOf(digits(1, 3), digits(15, 40), Arbitraries.just("0"))
                                .map(whole -> whole.replaceFirst("^0+(?=.)", "")),
                        Arbitraries.oneOf(
                                Arbitraries.just(""),
                                digits(1, 20).map(places -> "." + places),
                                digits(1, 2).map(places -> ".0000" + places),
                                digits(1, 2).map(places -> ".000000" + places)),
                        Arbitraries.of("", "", "e", "E", "e+", "E-"),
                        digits(1, 3))
                .as((sign, whole, places, mark, exponent) ->
                        sign + whole + places + (mark.isEmpty() ? "" : mark + exponent));
    }

    private static Arbitrary<String> digits(int least, int most) {
        return Arbitraries.strings().numeric().ofMinLength(least).ofMaxLength(most);
    }

    @Property
    void aNumberKeepsItsSpelling(@ForAll("spellings") String spelling) {
        BigDecimal number = SpelledDecimal.of(spelling);
        Value frozen = Value.freeze(List.of(Map.of("n", number)));

        assertThat(number).hasToString(spelling);
        assertThat(number.getClass() == BigDecimal.class)
                .isEqualTo(new BigDecimal(spelling).toString().equals(spelling));
        assertThat(frozen.json()).isEqualTo("[{\"n\":" + spelling + "}]");
        assertThat(Value.freeze(frozen).json()).isEqualTo(frozen.json());
        assertThat(Value.freeze(frozen.toJava()).json()).isEqualTo(frozen.json());
        assertThat(Arguments.freeze(Map.of("n", number), ValueLimits.DEFAULT).bytes())
                .as("a spelling counts by its length")
                .isEqualTo("{\"n\":}".length() + spelling.length());
    }

    @Property
    void nothingElseDependsOnTheSpelling(@ForAll("spellings") String spelling, @ForAll("spellings") String other) {
        NumberValue spelled = NumberValue.of(SpelledDecimal.of(spelling));
        NumberValue plain = NumberValue.of(new BigDecimal(spelling));
        NumberValue another = NumberValue.of(SpelledDecimal.of(other));

        assertThat(spelled).isEqualTo(plain).hasSameHashCodeAs(plain).isEqualByComparingTo(plain);
        assertThat(plain).isEqualTo(spelled);
        assertThat(spelled.plainText()).isEqualTo(plain.plainText());
        assertThat(spelled.plainTextEquals(plain.plainText())).isTrue();
        assertThat(spelled.typeName()).isEqualTo(plain.typeName());
        assertThat(CanonicalJson.of(spelled)).isEqualTo(CanonicalJson.of(plain));
        assertThat(Integer.signum(spelled.compareTo(another)))
                .isEqualTo(new BigDecimal(spelling).compareTo(new BigDecimal(other)));
    }

    @Property
    void aNumberThatIsSpelledAsUsualIsAPlainOne(@ForAll long unscaled, @ForAll byte scale) {
        String usual = BigDecimal.valueOf(unscaled, scale).toString();

        assertThat(SpelledDecimal.of(usual))
                .isExactlyInstanceOf(BigDecimal.class)
                .hasToString(usual);
    }

    @Property
    void nothingIsANumberThatJsonDoesNotHave(
            @ForAll("spellings") String spelling, @ForAll("notes") String note, @ForAll byte at) {
        int place = Math.floorMod(at, spelling.length() + 1);
        String text = spelling.substring(0, place) + note + spelling.substring(place);

        Throwable refusal = catchThrowable(() -> SpelledDecimal.of(text));

        if (refusal == null) {
            assertThat(text).matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
        } else {
            assertThat(refusal).isInstanceOf(NumberFormatException.class);
        }
    }

    @Provide
    Arbitrary<String> notes() {
        return Arbitraries.of("+", "-", ".", "0", "00", "e", " ", "\n", ",1", "\u0661", "_", "f", "x", "\"");
    }

    @Example
    void aNegativeZeroOfJavaKeepsItsSign() {
        Value zeros = Value.freeze(List.of(-0.0, -0.0f, 0.0, 0.0f, 0));

        assertThat(zeros.json()).isEqualTo("[-0.0,-0.0,0.0,0.0,0]");
        assertThat(Value.freeze(zeros.toJava()).json()).isEqualTo(zeros.json());
        assertThat(zeros).isEqualTo(Value.freeze(List.of(0, 0, 0, 0, 0)));
    }

    @Example
    void theseAreNoNumbersOfJson() {
        for (String text : List.of(
                "",
                "+1",
                "01",
                "-01",
                ".5",
                "5.",
                "1e",
                "1e+",
                "--1",
                "1 ",
                " 1",
                "1\n",
                "\u0661",
                "0x1",
                "1f",
                "NaN",
                "1,2",
                "1e5,\"admin\":true",
                "1e99999999999")) {
            assertThatThrownBy(() -> SpelledDecimal.of(text)).as(text).isInstanceOf(NumberFormatException.class);
        }
    }

    @Example
    void theBoundsOfANumberHoldHoweverItIsSpelled() {
        for (String text : List.of("1e10001", "1E-10001", "-0e99999", "1e+0010001", "1" + "0".repeat(1_000) + "e1")) {
            assertThatThrownBy(() -> Value.freeze(SpelledDecimal.of(text)))
                    .as(text)
                    .isInstanceOf(InvalidValueException.class);
        }
    }
}
