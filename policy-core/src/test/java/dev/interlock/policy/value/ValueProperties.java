package dev.interlock.policy.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;

/** Freezing and thawing, equality and text. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class ValueProperties {

    @Provide
    Arbitrary<Object> trees() {
        return Arbitraries.recursive(
                this::scalars,
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(3).map(list -> list),
                        Arbitraries.maps(keys(), inner).ofMaxSize(3).map(map -> map)),
                0,
                3);
    }

    private Arbitrary<Object> scalars() {
        BigInteger large = BigInteger.TEN.pow(30);
        return Arbitraries.oneOf(
                Arbitraries.of(true, false),
                Arbitraries.longs().map(number -> number),
                Arbitraries.shorts().map(number -> number),
                Arbitraries.bigIntegers().between(large.negate(), large).map(number -> number),
                decimals().map(number -> number),
                Arbitraries.doubles().map(number -> number),
                Arbitraries.strings()
                        .withChars("a\"\\\n\u0001\u00e9\u20ac")
                        .ofMaxLength(5)
                        .map(text -> text),
                Arbitraries.of("\ud83d\ude00", ""));
    }

    private static Arbitrary<String> keys() {
        return Arbitraries.of("a", "b", "\"", "\u20ac", "");
    }

    @Provide
    Arbitrary<BigDecimal> decimals() {
        return Combinators.combine(
                        Arbitraries.oneOf(Arbitraries.longs().between(-100, 100), Arbitraries.longs()),
                        Arbitraries.integers().between(-25, 25))
                .as(BigDecimal::valueOf);
    }

    @Property
    void thawingAndFreezingAgainGivesAnEqualValue(@ForAll("trees") Object tree) {
        Value frozen = Value.freeze(tree);

        assertThat(Value.freeze(frozen.toJava())).isEqualTo(frozen).hasSameHashCodeAs(frozen);
        assertThat(Value.freeze(frozen)).isEqualTo(frozen);
        assertThat(Value.freeze(frozen.toJava()).json()).isEqualTo(frozen.json());
    }

    @Property
    void theMeasuredSizeIsThatOfTheTextAndTheBoundIsMetToTheByte(@ForAll("trees") Object tree) {
        Map<String, Object> arguments = Collections.singletonMap("a", tree);
        Arguments frozen = Arguments.freeze(arguments, ValueLimits.DEFAULT);
        int bytes = frozen.bytes();

        assertThat(bytes).isEqualTo(frozen.root().json().getBytes(StandardCharsets.UTF_8).length);
        assertThat(Arguments.freeze(arguments, new ValueLimits(64, bytes))).isEqualTo(frozen);
        assertThat(catchThrowable(() -> Arguments.freeze(arguments, new ValueLimits(64, bytes - 1))))
                .isInstanceOf(InvalidValueException.class);
    }

    @Property
    void theMeasuredDepthIsTheLeastBoundThatLetsTheTreeThrough(@ForAll("trees") Object tree) {
        Map<String, Object> arguments = Collections.singletonMap("a", tree);
        int depth = Arguments.freeze(arguments, ValueLimits.DEFAULT).depth();

        assertThat(Arguments.freeze(arguments, new ValueLimits(depth, 1 << 20)).depth())
                .isEqualTo(depth);
        if (depth > 1) {
            assertThat(catchThrowable(() -> Arguments.freeze(arguments, new ValueLimits(depth - 1, 1 << 20))))
                    .isInstanceOf(InvalidValueException.class);
        }
    }

    @Property
    void theOrderOfMembersDoesNotMatterAndThatOfElementsDoes(@ForAll("trees") Object one, @ForAll("trees") Object two) {
        Map<String, Object> forth = new LinkedHashMap<>();
        forth.put("x", one);
        forth.put("y", two);
        Map<String, Object> back = new LinkedHashMap<>();
        back.put("y", two);
        back.put("x", one);

        assertThat(Value.freeze(forth)).isEqualTo(Value.freeze(back)).hasSameHashCodeAs(Value.freeze(back));
        assertThat(Value.freeze(List.of(one, two)).equals(Value.freeze(List.of(two, one))))
                .isEqualTo(Value.freeze(one).equals(Value.freeze(two)));
    }

    @Property
    void whatIsFrozenDoesNotChange(@ForAll("trees") Object tree) {
        List<Object> list = new ArrayList<>(List.of(tree));
        Value frozen = Value.freeze(list);
        String before = frozen.json();
        list.add("more");

        assertThat(frozen.json()).isEqualTo(before);
    }

    @Property
    void numbersAreEqualByValueAndOrderedLikeDecimals(
            @ForAll("decimals") BigDecimal one, @ForAll("decimals") BigDecimal two) {
        NumberValue first = NumberValue.of(one);
        NumberValue second = NumberValue.of(two);
        NumberValue rescaled = NumberValue.of(one.setScale(one.scale() + 3));

        assertThat(Integer.signum(first.compareTo(second))).isEqualTo(one.compareTo(two));
        assertThat(first.equals(second)).isEqualTo(one.compareTo(two) == 0);
        assertThat(rescaled).isEqualTo(first).hasSameHashCodeAs(first);
        assertThat(rescaled.plainText()).isEqualTo(first.plainText());
    }

    @Property
    void theCanonicalTextIsThePlainDecimalForm(@ForAll("decimals") BigDecimal decimal) {
        NumberValue number = NumberValue.of(decimal);
        String text = number.plainText();

        assertThat(new BigDecimal(text)).isEqualByComparingTo(decimal);
        assertThat(text).matches("-?(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?").isNotEqualTo("-0");
        assertThat(number.plainTextEquals(text)).isTrue();
        assertThat(number.plainTextEquals(text + "0")).isFalse();
        assertThat(number.plainTextEquals("")).isFalse();
    }

    @Property
    void aDoubleIsTheNumberThatItIsWrittenAs(@ForAll double value) {
        assertThat(NumberValue.of(value).toBigDecimal()).isEqualByComparingTo(Double.toString(value));
    }
}
