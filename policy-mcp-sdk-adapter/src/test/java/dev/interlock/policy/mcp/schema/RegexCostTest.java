package dev.interlock.policy.mcp.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexCostTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "^abc$ 5",
                "abc 33",
                "^[a-z]*$ 22",
                "^[a-z]+$ 21",
                "^a?b?$ 8",
                "^a{3}$ 5",
                "^a{2,5}$ 10",
                "^a{20,}$ 22",
                "^(?:a|b|c)$ 7",
                "^(?:ab)+$ 31",
                "^\\d+\\.\\d+$ 221",
                "^(a|b){3}$ 23",
                "^(?<year>\\d{4})-\\p{Lu}[\\]\\-x]$ 9",
                "^a*?$ 22",
                "^a++$ 21",
                "^a|b$ 44",
                "a{5}b 66",
            })
    void countsTheStepsOfASearchInTenCharacters(String regex, long steps) {
        assertThat(RegexCost.steps(regex, 10)).isEqualTo(steps);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a+)+$",
                "(a|a)*$",
                "(.*a){12,}$",
                "^(a+)+\\1?$",
                "(?<x>a)\\k<x>",
                "(?i)a",
                "(?x) a",
                "\\Qa*\\E",
                "[[a]*]",
                "[a&&b]",
                "[]a*]",
                "[^]a*]",
                "(a",
                "a)",
                "[a",
                "a{",
                "a{x}",
                "a{1",
                "*a",
                "a\\",
                "a{9999999}",
                "(?<!",
            })
    void givesUpOnWhatMayGrowExponentiallyOrIsNotKnown(String regex) {
        assertThat(RegexCost.steps(regex, 10)).isEqualTo(RegexCost.UNBOUNDED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"^(((a?){9}){9}){9}$", "^(.*a){12}$", "^a*a*a*a*a*a*a*a*a*$"})
    void countsFarMoreThanAnyoneWouldWaitFor(String regex) {
        assertThat(RegexCost.steps(regex, 28)).isGreaterThan(SchemaCost.MAX_STEPS);
    }

    @Test
    void countsWhatALongRepetitionLooksAtAnewAtEveryCharacter() {
        assertThat(RegexCost.steps("[a]{5000}b", 500_000)).isGreaterThan(SchemaCost.MAX_STEPS);
        assertThat(RegexCost.steps("^[a]{5000}b", 500_000)).isLessThan(SchemaCost.MAX_STEPS);
        assertThat(RegexCost.steps("[a]".repeat(600), 500_000)).isGreaterThan(SchemaCost.MAX_STEPS);
    }

    @ParameterizedTest
    @ValueSource(ints = {3_000, 1_000_000})
    void givesUpOnVeryLongExpressions(int length) {
        assertThat(RegexCost.steps("a".repeat(length), 1)).isEqualTo(RegexCost.UNBOUNDED);
        assertThat(RegexCost.steps("(".repeat(1_000) + ")".repeat(1_000), 1)).isEqualTo(RegexCost.UNBOUNDED);
    }
}
