package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.interlock.policy.Operator;
import dev.interlock.policy.value.Value;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexBoundsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a{100}){100}",
                "((a{10}){10}){11}",
                "(?:x(b|a{20}){30}){2}",
                "(a{2,}){501}",
                "(a{1,500}b){3}",
                "([]{]{100}){11}",
                "(\\{a{101}){10}"
            })
    void repetitionsInOneAnotherAreMultiplied(String pattern) {
        assertThat(problem(pattern)).contains("nested repetitions repeat more than 1000 times");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a{1000}",
                "(a{10}){100}",
                "a{999}b{999}",
                "(a{100}|b)(c{100})",
                "[{1001}]{2}",
                "\\Q{1001}\\E",
                "\\p{Greek}{1000}",
                "(a{0}){1000}",
                "{,1001}",
                "^/app/src/",
                "[[:alpha:]{1000}]{2}"
            })
    void whatIsNotNestedIsNot(String pattern) {
        assertThat(problem(pattern)).isEmpty();
    }

    @Test
    void aLongPatternIsRefusedBeforeItIsCompiled() {
        assertThat(problem("a".repeat(1_000_000))).contains("at most 4096 characters");
    }

    @Test
    void groupsThatWouldOverflowTheStackAreRefused() {
        assertThat(problem("(".repeat(1_500) + ")".repeat(1_500))).contains("at most 100 groups");
    }

    @Test
    void aPatternThatUnfoldsIntoAHugeProgramIsRefused() {
        assertThat(problem("a{1000}".repeat(30))).contains("too large");
    }

    @Test
    void aPatternThatIsFarTooLargeIsNotEvenCompiled() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String pattern = "(?:" + "ab".repeat(2_000) + "){1000}";
        problem(pattern);
        long before = threads.getCurrentThreadAllocatedBytes();

        assertThat(problem(pattern)).contains("too large when its repetitions are written out");
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1_000_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?:abcdefghijklmnopqrs){1000}",
                "(?i:abcdefghijklmnopqrs){1000}",
                "(?:a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p){1000}",
                "(?P<a_rather_long_name_of_a_group>x){1000}"
            })
    void aPatternThatIsLargeButNotTooLargeIsTaken(String pattern) {
        assertThat(problem(pattern)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "x{1000}, 1000",
        "'x{1,1000}', 1999",
        "'x{1000,}', 1001",
        "(x){500}, 1500",
        "\\QxX\\E{2}, 3",
        "(?i)[a-z]+\\p{L}, 53"
    })
    void aPatternWeighsWhatItIsCompiledToOrALittleMore(String pattern, int least) {
        assertThat(Regex.weight(pattern)).isBetween(least, 2 * least + 10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?i)\u1c80",
                "(?i)a\\x{1c88}",
                "(?i)[\\x{80}-\\x{10ffff}]",
                "(?i)[^a-z!-\\x{ffff}]",
                "(?i)[]-\u4e00]",
                "(?i)[[:digit:]C-\u4e00]",
                "(?i)[\\p{Greek}x-\u4e00]",
                "(?i)\\Q\u1c85\\E",
                "a(?s-i:[\\x{1c00}-\\x{1c80}])"
            })
    void aPatternAtWhichTheCompilerNeverEndsIsRefused(String pattern) {
        assertThat(problem(pattern)).contains("U+1C80 to U+1C88");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[\\x{80}-\\x{10ffff}]\u1c80",
                "(?i)[a-z\u4e00-\u9fa5]-[\u4e00-\u9fa5]",
                "(?i)a-\u4e00",
                "(?i)\\pL[[:alpha:]-\\x{10ffff}]\\P{Cyrillic}",
                "(?P<i>\u1c80)"
            })
    void otherPatternsOfManyLettersAreNot(String pattern) {
        assertThat(problem(pattern)).isEmpty();
    }

    @Test
    void theCompilerEndsAtAllOtherLetters() {
        Regex others = Regex.compile("(?i)[\\x{80}-\\x{1c7f}\\x{1c89}-\\x{10ffff}]");

        assertThat(others.find("\u00e4")).isTrue();
        assertThat(others.find("a")).isFalse();
    }

    private static String problem(String pattern) {
        return Operator.REGEX.problemWith(new Value.Text(pattern)).orElse("");
    }
}
