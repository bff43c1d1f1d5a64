package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VisibleTextTest {

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x00, 0x07, 0x0A, 0x1B, 0x7F, 0x85, 0x9B, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x1680, 0x17B4,
                0x17B5, 0x180B, 0x180E, 0x180F, 0x2000, 0x2007, 0x200B, 0x200D, 0x200E, 0x2028, 0x2029, 0x202E, 0x202F,
                0x2060, 0x2066, 0x206F, 0x2800, 0x3000, 0x3164, 0xD800, 0xDFFF, 0xE000, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0,
                0xFFF9, 0xFFFF, 0x16FE4, 0x1D159, 0x1D173, 0x13441, 0xE0001, 0xE0041, 0xE01EF, 0xF0000, 0x10FFFF
            })
    void fillersControlsTagsAndSignsOfDirectionCantBeSeen(int c) {
        String text = "a" + Character.toString(c) + "b";

        assertThat(VisibleText.isInvisible(c)).isTrue();
        assertThat(VisibleText.hasInvisible(text)).isTrue();
        assertThat(VisibleText.escaped(text)).startsWith("a\\").endsWith("b").isASCII();
        assertThat(VisibleText.name(text)).startsWith("a\\").endsWith("b").isASCII();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "~!|\\", "Größe", "日本語", "имя", "שם", "a\u0301", "\uD83D\uDE00", "¤"})
    void whatPeopleWriteStaysAsItIs(String text) {
        assertThat(VisibleText.hasInvisible(text)).isFalse();
        assertThat(VisibleText.escaped(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({"0x0A, \\n", "0x0D, \\r", "0x09, \\t", "0x1B, \\u001b", "0x202E, \\u202e", "0xE0041, \\u{e0041}"})
    void anEscapeNamesItsCharacter(int c, String escape) {
        assertThat(VisibleText.escaped(Character.toString(c))).isEqualTo(escape);
    }

    @ParameterizedTest
    @CsvSource({"abc, 3, abc", "abcd, 3, abc…", "ab\uD83D\uDE00, 3, ab…", "ab\uD83D\uDE00, 4, ab\uD83D\uDE00"})
    void longTextIsCutBetweenCharacters(String text, int most, String shown) {
        assertThat(VisibleText.escaped(text, most)).isEqualTo(shown);
    }

    /** What Java takes for letters, marks or symbols, and fonts draw as nothing. */
    @ParameterizedTest
    @ValueSource(ints = {0x3164, 0x115F, 0x1160, 0xFFA0, 0x2800, 0x034F, 0x17B4, 0x180B, 0xFE0F})
    void aFillerIsNoPlainLetter(int c) {
        assertThat(VisibleText.isInvisible(c)).isTrue();
        assertThat(VisibleText.isPlainLetter(c)).isFalse();
        assertThat(LookAlikes.showsNothing(Character.toString(c))).isTrue();
        assertThat(LookAlikes.defect("a" + Character.toString(c) + "b")).isNotNull();
        assertThat(Skeleton.visible("a" + Character.toString(c))).isEqualTo("a");
    }

    @Test
    void whatIsHiddenOrPutsNothingOnALineIsInvisible() {
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT).forEach(c -> {
            boolean unseen = VisibleText.hidden(Character.toString(c)).isPresent()
                    || VisibleText.isControl(c)
                    || VisibleText.isFormat(c)
                    || (VisibleText.isSpace(c) && c != ' ');
            if ((unseen && !VisibleText.isInvisible(c))
                    || (VisibleText.isInvisible(c) && VisibleText.isPlainLetter(c))
                    || (VisibleText.isBreakingSpace(c) && !VisibleText.isSpace(c))) {
                throw new AssertionError(String.format("U+%04X", c));
            }
        });
    }

    @Test
    void aNameWithoutCharactersIsSaidToBeNone() {
        assertThat(VisibleText.name(null)).isEqualTo("(no name)");
        assertThat(VisibleText.name("")).isEqualTo("(no name)");
    }

    @Test
    void everyCharacterIsShownOrEscaped() {
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT).forEach(c -> {
            String shown = VisibleText.escaped(Character.toString(c));
            boolean asItIs = shown.codePointAt(0) == c && shown.length() == Character.charCount(c);
            if (asItIs == VisibleText.isInvisible(c)) {
                throw new AssertionError(String.format("U+%04X is shown as %s", c, shown));
            }
        });
    }

    @Property
    void shownTextIsOneBoundedLineOfWhatCanBeSeen(
            @ForAll @StringLength(max = 40) String text, @ForAll @IntRange(max = 50) int most) {
        String shown = VisibleText.escaped(text, most);

        assertThat(VisibleText.hasInvisible(shown)).isFalse();
        assertThat(shown.chars()).noneMatch(VisibleText::isControl);
        assertThat(shown.length()).isLessThanOrEqualTo(6 * most + 1);
        assertThat(shown.endsWith("…") || most >= text.length()).isTrue();
    }
}
