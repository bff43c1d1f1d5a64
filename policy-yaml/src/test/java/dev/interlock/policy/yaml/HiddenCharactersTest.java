package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in a document and is not seen, or is seen elsewhere than where it stands. */
class HiddenCharactersTest {

    private static ReadResult read(String text) {
        return PolicyYaml.read(text, "test");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x85, 0x2028, 0x2029, 0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069,
                0xE0041
            })
    void drawsAWarningWithItsPlaceInACommentAndInAText(int c) {
        String hidden = Character.toString(c);
        String code = String.format("U+%04X", c);
        ReadResult reading = read("version: \"1\" # ab" + hidden + "default: deny\ndescription: \"x" + hidden + "y\"\n"
                + "default: deny # " + hidden + hidden + "\n");

        assertThat(reading.errors()).isEmpty();
        assertThat(reading.diagnostics().stream()
                        .filter(each -> each.code().equals("hidden-character"))
                        .map(each -> each.line() + ":" + each.column() + " " + each.severity() + " "
                                + each.message().contains(code)))
                .containsExactly("1:18 WARNING true", "2:16 WARNING true", "3:17 WARNING true");
        assertThat(reading.diagnostics().toString()).doesNotContain(hidden);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0645\u06cc\u200c\u062e",
                "\ud83d\udc69\u200d\ud83d\udcbb",
                "\u2764\ufe0f",
                "na\u00efve",
                "5\u00a0%"
            })
    void isNotWhatPeopleWrite(String text) {
        assertThat(read("version: \"1\"\ndescription: \"" + text + "\" # " + text + "\n")
                        .diagnostics())
                .isEmpty();
    }

    @Test
    void isToldOfInBoundedSpace() {
        ReadResult reading = read("version: \"1\"\n" + "# \u202e\n".repeat(100_000) + "nonsense: 1\n");

        List<String> codes =
                reading.diagnostics().stream().map(Diagnostic::code).toList();
        assertThat(codes).hasSize(21).contains("unknown-key");
    }

    @Test
    void anAnchorThatIsThereTwiceDrawsOneWarningHoweverOftenItIs() {
        ReadResult reading = read("version: \"1\"\ntools:\n  a: &x {}\n  b: &x {}\n  c: &x {}\n  d: *x\n  e: &y {}\n");

        assertThat(reading.errors()).isEmpty();
        assertThat(reading.diagnostics()).singleElement().satisfies(each -> {
            assertThat(each.code()).isEqualTo("duplicate-anchor");
            assertThat(each.severity()).isEqualTo(Severity.WARNING);
            assertThat(each.line() + ":" + each.column()).isEqualTo("4:6");
        });
    }
}
