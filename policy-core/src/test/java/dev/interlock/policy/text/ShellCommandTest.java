package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of a text is looked at. */
class ShellCommandTest {

    /** A text that counts how often one of its characters is asked for. */
    private static final class Counted implements CharSequence {
        private final String text;
        private long asked;

        Counted(String text) {
            this.text = text;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            asked++;
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            throw new AssertionError("copied");
        }

        @Override
        public String toString() {
            throw new AssertionError("copied");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "a ", "'a'", "\"a\"", "'", "\\a", "\\\\", "\"\\a\" ", "!", "#", "\u4e2d", "\ud83d\ude00"})
    void readingTakesAFewStepsForEachCharacter(String part) {
        for (int length : new int[] {1_000, 100_000}) {
            Counted text = new Counted(part.repeat(length / part.length()));

            ShellCommand.parse(text);

            assertThat(text.asked).isLessThanOrEqualTo(6L * length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "*a", "*a*a*a", "*aab*", "a*b*c*d*e", "*..*"})
    void matchingTakesStepsByTheLengthsOfTheWordAndOfThePatternOnly(String pattern) {
        String expected =
                Objects.requireNonNull(ShellCommand.patternWords(pattern)).get(0);
        for (int length : new int[] {1_000, 100_000}) {
            Counted word = new Counted("a".repeat(length));

            CommandPattern.matches(expected, word);

            assertThat(word.asked).isLessThanOrEqualTo(6L * length * pattern.length());
        }
    }

    @Test
    void aPatternTellsTheProgramAndWhetherItsOptionsAreOpen() {
        assertThat(CommandPattern.parse("/usr/bin/git diff **").program()).isEqualTo("git");
        assertThat(CommandPattern.parse("g* diff").program()).isNull();
        assertThat(CommandPattern.parse("**").program()).isNull();
        assertThat(CommandPattern.parse("git diff **").admitsOptions()).isTrue();
        assertThat(CommandPattern.parse("git *").admitsOptions()).isTrue();
        assertThat(CommandPattern.parse("git *x").admitsOptions()).isTrue();
        assertThat(CommandPattern.parse("git x*").admitsOptions()).isFalse();
        assertThat(CommandPattern.parse("git diff ** !-").admitsOptions()).isFalse();
        assertThat(CommandPattern.parse("* diff").admitsOptions()).isFalse();
    }
}
