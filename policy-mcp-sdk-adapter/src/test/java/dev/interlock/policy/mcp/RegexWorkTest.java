package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexWorkTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "^abc$ 1",
                "abc 11",
                "^[a-z]*$ 11",
                "^[a-z]+$ 10",
                "^a?b?$ 4",
                "^a{3}$ 1",
                "^a{2,5}$ 4",
                "^a{20,}$ 1",
                "^(?:a|b|c)$ 3",
                "^(?:ab)+$ 10",
                "^\\d+\\.\\d+$ 100",
                "^\\d+(\\.\\d+)?$ 110",
                "^(a|b){3}$ 8",
                "^(?<year>\\d{4})-\\p{Lu}[\\]\\-x]$ 1",
                "^a*?$ 11",
                "^a++$ 10",
                "^a|b$ 22",
                "^(?=.*[A-Z]).{8,}$ 33",
            })
    void countsTheWaysToTryATextOfTenCharacters(String regex, long ways) {
        assertThat(RegexWork.ways(regex, 10)).isEqualTo(ways);
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
        assertThat(RegexWork.ways(regex, 10)).isEqualTo(RegexWork.UNBOUNDED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"^(((a?){9}){9}){9}$", "^(.*a){12}$", "^a*a*a*a*a*a*a*a*a*$"})
    void countsFarMoreThanAnyoneWouldWaitFor(String regex) {
        assertThat(RegexWork.ways(regex, 28)).isGreaterThan(SchemaWork.MAX_STEPS);
    }

    @ParameterizedTest
    @ValueSource(ints = {3_000, 1_000_000})
    void givesUpOnVeryLongExpressions(int length) {
        assertThat(RegexWork.ways("a".repeat(length), 1)).isEqualTo(RegexWork.UNBOUNDED);
        assertThat(RegexWork.ways("(".repeat(1_000) + ")".repeat(1_000), 1)).isEqualTo(RegexWork.UNBOUNDED);
    }
}
