package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is found in texts and replaced. */
class RedactorTest {

    private static final String WITH = "[redacted]";

    private static String redact(Redactor redactor, String text) {
        return redactor.redact(text, new Redactor.Effort());
    }

    private static Redactor pattern(String pattern, String with) {
        return new PatternRedactor(Regex.compile(pattern), with);
    }

    /** Every line of a file of texts of our own making, in which double brackets stand around what must be found. */
    static Stream<Arguments> corpus() {
        return Stream.of(
                        named("secrets", PresetRedactor::secrets),
                        named("emails", PresetRedactor::emails),
                        named("card_numbers", PresetRedactor::cardNumbers),
                        named("ibans", PresetRedactor::ibans))
                .flatMap(preset -> lines((String) preset.get()[0]).stream()
                        .map(line -> Arguments.of(preset.get()[0], preset.get()[1], line)));
    }

    private static Arguments named(String name, Function<String, Redactor> preset) {
        return Arguments.of(name, preset.apply(WITH));
    }

    private static List<String> lines(String preset) {
        try (InputStream in =
                Objects.requireNonNull(RedactorTest.class.getResourceAsStream("/redact/" + preset + ".txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("corpus")
    void aPresetFindsWhatItIsMeantToFindAndNothingElse(String name, Redactor preset, String marked) {
        String text = marked.replace("⟦", "").replace("⟧", "");
        String expected = marked.replaceAll("⟦[^⟧]*⟧", "[redacted]");

        String redacted = redact(preset, text);

        assertThat(redacted).isEqualTo(expected);
        if (expected.equals(text)) {
            assertThat(redacted).isSameAs(text);
        }
    }

    @Test
    void aTextWithoutAMatchIsTheSameObject() {
        String text = new String("nothing to see here");

        assertThat(redact(pattern("SECRET-[0-9]+", "x"), text)).isSameAs(text);
        assertThat(redact(PresetRedactor.emails(WITH), text)).isSameAs(text);
    }

    @Test
    void theLeftmostMatchIsReplacedFirstAndTheNextOneIsLookedForAfterIt() {
        assertThat(redact(pattern("aa|aaa", "<>"), "aaaaa")).isEqualTo("<><>a");
        assertThat(redact(pattern("ab|bc", "-"), "abc")).isEqualTo("-c");
    }

    @Test
    void whatStandsBesideAMatchIsReadAsItStoodInTheText() {
        // After "ab" there is no word boundary before the "c".
        assertThat(redact(pattern("ab|\\bc", "-"), "abc c")).isEqualTo("-c -");
        assertThat(redact(pattern("^a", "-"), "aaa")).isEqualTo("-aa");
    }

    @Test
    void anEmptyMatchChangesNothing() {
        String text = "xay";

        assertThat(redact(pattern("b*", "-"), text)).isSameAs(text);
        assertThat(redact(pattern("a*", "-"), text)).isEqualTo("x-y");
    }

    @Test
    void whatTakesThePlaceOfAMatchIsTakenAsItIsWritten() {
        assertThat(redact(pattern("(a)", "$1\\1${0}"), "xay")).isEqualTo("x$1\\1${0}y");
    }

    @Test
    void everyMatchIsCounted() {
        Redactor.Effort work = new Redactor.Effort();

        pattern("a", "b").redact("abab a", work);
        PresetRedactor.emails(WITH).redact("a@b.example, c@d.example", work);

        assertThat(work.matches()).isEqualTo(5);
    }

    @Test
    void aPatternThatReadsFarBeyondEachOfItsMatchesIsStopped() {
        String text = "a".repeat(20_000);

        assertThatThrownBy(() -> redact(pattern("a(?:.*b)?", "-"), text)).isInstanceOf(Redactor.TooMuchWork.class);
    }

    @Test
    void itIsStoppedAlsoInManySmallTextsOfOneResult() {
        Redactor redactor = pattern("a(?:.*b)?", "-");
        Redactor.Effort work = new Redactor.Effort();
        String text = "a".repeat(200);

        assertThat(redactor.redact(text, work)).isEqualTo("-".repeat(200));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 30_000; i++) {
                        redactor.redact(text, work);
                    }
                })
                .isInstanceOf(Redactor.TooMuchWork.class);
    }

    @Test
    void textsForWhichAPatternNeedsTooManyStepsAreNotSearched() {
        Redactor redactor = pattern("(?:[a-f]{50}[g-k]{50}){10}", "-");
        String text = "z".repeat(8_000_000);

        assertThatThrownBy(() -> redact(redactor, text)).isInstanceOf(Redactor.TooMuchWork.class);
    }

    @Test
    void tenMegabytesWithoutAMatchAreTheSameObject() {
        String text = "Nothing to be found in here 1234 5678. ".repeat(270_000);

        for (Redactor preset : List.of(
                PresetRedactor.secrets(WITH),
                PresetRedactor.emails(WITH),
                PresetRedactor.cardNumbers(WITH),
                PresetRedactor.ibans(WITH))) {
            assertThat(redact(preset, text)).isSameAs(text);
        }
    }

    /** Texts that would take minutes if a preset looked at the same characters again and again. */
    @ParameterizedTest
    @MethodSource("hostile")
    void aPresetReadsHostileTextsInLinearTime(String part) {
        String text = part.repeat(1_000_000 / part.length());

        for (Redactor preset : List.of(
                PresetRedactor.secrets(WITH),
                PresetRedactor.emails(WITH),
                PresetRedactor.cardNumbers(WITH),
                PresetRedactor.ibans(WITH))) {
            redact(preset, text);
        }
        assertThat(text).isNotEmpty();
    }

    static Stream<String> hostile() {
        return Stream.of(
                "a",
                "@",
                "a@",
                "a@b.",
                ".",
                "-",
                "a.1",
                "@a.",
                "1",
                "4111 ",
                "4111-1111-",
                "DE89",
                "DE89 ",
                "eyJ-",
                "eyJaaaaaaaaaaaaaaaa.eyJ",
                "eyJ-a.eyJ-b ",
                "sk-ant-",
                "sk-",
                "AIza-",
                "AKIA",
                "-----BEGIN ",
                "-----BEGIN A PRIVATE KEY",
                "-----END ");
    }
}
