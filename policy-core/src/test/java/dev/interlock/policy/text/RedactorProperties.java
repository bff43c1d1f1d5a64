package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Laws of what is found in texts and replaced. */
class RedactorProperties {

    private static final String WITH = "[redacted]";

    private static final List<Redactor> PRESETS = List.of(
            PresetRedactor.secrets(WITH),
            PresetRedactor.emails(WITH),
            PresetRedactor.cardNumbers(WITH),
            PresetRedactor.ibans(WITH));

    /** Pieces of what presets find and of what stands beside it, so that matches meet, overlap and break off. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> pieces = Arbitraries.of(
                "4111111111111111",
                "4111 1111 1111 1111",
                "4111-1111-",
                "378282246310005",
                "5555555555554444",
                "DE89370400440532013000",
                "DE89 3704 0044 0532 0130 00",
                "NO9386011117947",
                "NO93",
                "a@b.example",
                "a",
                "@",
                ".",
                "b.cc",
                "x@",
                "-",
                "_",
                "a@b.c1",
                ".example",
                "AKIAABCDEFGHIJKLMNOP",
                "ghp_",
                "abcdefghijklmnopqrstuvwxyz0123456789",
                "sk-ant-",
                "eyJhbGciOiJI.eyJhbGciOiJI.",
                "eyJ",
                "-----BEGIN PRIVATE KEY-----",
                "-----END PRIVATE KEY-----",
                "-----",
                "[redacted]",
                "[",
                "]",
                " ",
                "1",
                "1111",
                "é",
                "😀",
                "\n",
                "z9".repeat(35));
        return pieces.list().ofMaxSize(14).map(list -> String.join("", list));
    }

    @Provide
    Arbitrary<List<Redactor>> orders() {
        return Arbitraries.of(PRESETS).list().ofMinSize(1).ofMaxSize(5);
    }

    private static String redact(List<Redactor> presets, String text, Redactor.Effort work) {
        String redacted = text;
        for (Redactor preset : presets) {
            redacted = preset.redact(redacted, work);
        }
        return redacted;
    }

    @Property(tries = 4_000)
    void afterPresetsInAnyOrderNoneOfThemFindsAnythingMore(
            @ForAll("texts") String text, @ForAll("orders") List<Redactor> presets) {
        String redacted = redact(presets, text, new Redactor.Effort());

        assertThat(redact(presets, redacted, new Redactor.Effort())).isSameAs(redacted);
        for (Redactor preset : presets) {
            assertThat(preset.redact(redacted, new Redactor.Effort())).isSameAs(redacted);
        }
    }

    @Property(tries = 2_000)
    @SuppressWarnings("ReferenceEquality") // this very object
    void aTextIsTheSameObjectExactlyIfNothingWasFound(
            @ForAll("texts") String text, @ForAll("orders") List<Redactor> presets) {
        Redactor.Effort work = new Redactor.Effort();

        String redacted = redact(presets, text, work);

        if (work.matches() == 0) {
            assertThat(redacted).isSameAs(text);
        } else {
            assertThat(redacted).isNotSameAs(text);
        }
    }

    @Property(tries = 4_000)
    void addressesAreFoundByTheirPattern(@ForAll("texts") String text) {
        // As the page on the language writes it. Java's own syntax agrees with RE2's here.
        String label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        String last = "[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])";
        String local = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+";
        Pattern pattern = Pattern.compile(local + "@(?:" + label + "\\.)+" + last);

        String redacted = PresetRedactor.emails(WITH).redact(text, new Redactor.Effort());

        assertThat(redacted).isEqualTo(pattern.matcher(text).replaceAll(Matcher.quoteReplacement(WITH)));
    }

    @Property
    void aPatternReplacesWhatALoopOverItsMatchesFinds(
            @ForAll("patterns") String pattern, @ForAll("short") String text) {
        Matcher matches = Pattern.compile(pattern).matcher(text);
        StringBuilder expected = new StringBuilder();
        int kept = 0;
        while (matches.find()) {
            if (matches.end() > matches.start()) {
                expected.append(text, kept, matches.start()).append("<>");
                kept = matches.end();
            }
        }
        expected.append(text.substring(kept));

        String redacted = new PatternRedactor(Regex.compile(pattern), "<>").redact(text, new Redactor.Effort());

        assertThat(redacted).isEqualTo(expected.toString());
    }

    @Provide
    Arbitrary<String> patterns() {
        return Arbitraries.of(
                "a", "ab|ba", "a+b?", "\\ba", "a\\b", "^ab", "(?i)A+", "[ab]{2}", "b*", "a|ab|abc", "😀+", "a.b");
    }

    @Provide("short")
    Arbitrary<String> shortTexts() {
        return Arbitraries.of("a", "b", "ab", " ", "c", "😀", "A")
                .list()
                .ofMaxSize(12)
                .map(list -> String.join("", list));
    }
}
