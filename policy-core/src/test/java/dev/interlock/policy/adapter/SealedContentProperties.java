package dev.interlock.policy.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Place;
import dev.interlock.policy.adapter.SealedContent.Agreed;
import dev.interlock.policy.adapter.SealedContent.Asks;
import dev.interlock.policy.adapter.SealedContent.GoesOn;
import dev.interlock.policy.adapter.SealedContent.Purpose;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.engine.CarriedAdmission;
import dev.interlock.policy.engine.CarriedAdmission.Charged;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.SpelledDecimal;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What a sealed state holds comes out as it went in, and out of nothing else. */
class SealedContentProperties {

    private static final byte[] KEY = "one key of at least so many bytes".getBytes(StandardCharsets.UTF_8);

    private final StateSeal seal = new StateSeal(List.of(KEY));

    @Property
    void whatIsSealedIsRead(@ForAll("contents") SealedContent content) {
        byte[] nonce = seal.nonce();
        String text = seal.seal(nonce, content.write());

        assertThat(StateSeal.nonceOf(text)).isEqualTo(StateSeal.text(nonce));
        SealedContent read = SealedContent.read(seal.open(text));
        assertThat(read).isEqualTo(content);
        // Values that are equal may be written in different ways, and these are sent.
        assertThat(read.kept().json()).isEqualTo(content.kept().json());
        assertThat(new StateSeal(List.of(KEY)).open(text)).isNotNull();
    }

    @Property
    void whatIsChangedAnywhereIsNotOpened(
            @ForAll("contents") SealedContent content,
            @ForAll @IntRange(max = 1_000_000) int place,
            @ForAll char other) {
        String text = seal.seal(seal.nonce(), content.write());
        int at = place % text.length();
        String changed = text.substring(0, at) + other + text.substring(at + 1);

        assertThat(seal.open(changed) == null).isEqualTo(!changed.equals(text));
        assertThat(seal.open(text.substring(0, at))).isNull();
        assertThat(seal.open(text + other)).isNull();
    }

    @Test
    void noTwoTextsHaveTheSameNonce() {
        Set<String> nonces = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            assertThat(nonces.add(StateSeal.text(seal.nonce()))).isTrue();
        }
    }

    @Test
    void noMoreIsSealedThanTheBound() {
        assertThat(seal.seal(seal.nonce(), new byte[StateSeal.MAX_BYTES + 1])).isNull();
        assertThat(seal.open(seal.seal(seal.nonce(), new byte[StateSeal.MAX_BYTES])))
                .isNotNull();
    }

    @Provide
    static Arbitrary<SealedContent> contents() {
        return Combinators.combine(Arbitraries.longs(), texts(), texts().set().ofMaxSize(3), objects(), purposes())
                .as(SealedContent::new);
    }

    private static Arbitrary<Purpose> purposes() {
        Arbitrary<Purpose> goesOn = Combinators.combine(Arbitraries.integers().between(0, 10), admissions())
                .as(GoesOn::new);
        Arbitrary<Agreed> agreed =
                Combinators.combine(texts(), texts(), arguments()).as(Agreed::new);
        Arbitrary<Purpose> asks =
                Combinators.combine(texts(), agreed.list().ofMaxSize(3)).as(Asks::new);
        return Arbitraries.oneOf(goesOn, asks);
    }

    private static Arbitrary<CarriedAdmission> admissions() {
        Arbitrary<Charged> charged = Combinators.combine(
                        texts(), texts(), Arbitraries.longs().between(0, Amount.MAX.micros()))
                .as((limit, subject, micros) -> new Charged(new LimitKey(limit, subject), new Amount(micros)));
        Arbitrary<AskingRule> rules = Combinators.combine(
                        texts(), texts(), texts(), Arbitraries.longs().between(1, Long.MAX_VALUE))
                .as((name, path, message, nanos) ->
                        new AskingRule(name, Place.of(path), message, Duration.ofNanos(nanos)));
        return Combinators.combine(
                        texts(), charged.list().ofMaxSize(3), rules.list().ofMaxSize(3), objects(), arguments())
                .as(CarriedAdmission::new);
    }

    private static Arbitrary<Arguments> arguments() {
        return objects()
                .map(object -> Arguments.freeze(object.toJava(), ValueLimits.DEFAULT))
                .injectNull(0.5);
    }

    private static Arbitrary<ObjectValue> objects() {
        return Arbitraries.maps(
                        Arbitraries.strings().ofMaxLength(5).filter(SealedContentProperties::isUnicode), values())
                .ofMaxSize(3)
                .map(ObjectValue::of);
    }

    private static Arbitrary<Value> values() {
        return Arbitraries.recursive(
                () -> Arbitraries.<Object>of(
                                Value.Nil.NULL,
                                true,
                                false,
                                0,
                                -1,
                                Long.MIN_VALUE,
                                0.1,
                                "",
                                "\u00e9\ud83d\ude00",
                                SpelledDecimal.of("-0.0"),
                                SpelledDecimal.of("1E5"),
                                SpelledDecimal.of("1e400"),
                                SpelledDecimal.of("100000000000000000000.50"))
                        .map(each -> Value.freeze(each)),
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(3).map(Value.Array::new),
                        inner.map(value -> ObjectValue.of(Map.of("m", value)))),
                0,
                3);
    }

    /** Of any characters, paired or not. */
    private static Arbitrary<String> texts() {
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(20), Arbitraries.of("", "plain", "\ud800", "a\udc00b"));
    }

    private static boolean isUnicode(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).equals(text);
    }
}
