package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

    private static String problem(String pattern) {
        return Operator.REGEX.problemWith(new Value.Text(pattern)).orElse("");
    }
}
