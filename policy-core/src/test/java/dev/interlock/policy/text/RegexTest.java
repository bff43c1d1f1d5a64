package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Patterns mean what they mean to RE2, and cost no more than their size times the text's. */
class RegexTest {

    @Test
    void aMatchAnywhereIsAMatch() {
        assertThat(Regex.compile("b").find("abc")).isTrue();
        assertThat(Regex.compile("^b").find("abc")).isFalse();
        assertThat(Regex.compile("").find("")).isTrue();
    }

    @Test
    void theEndIsNotBeforeAFinalNewline() {
        assertThat(Regex.compile("^main$").find("main")).isTrue();
        assertThat(Regex.compile("^main$").find("main\n")).isFalse();
        assertThat(Regex.compile("^main\\z").find("main\n")).isFalse();
        assertThat(Regex.compile("(?m)^main$").find("main\nother")).isTrue();
    }

    @Test
    void aDotIsNoNewlineAndCaseCounts() {
        assertThat(Regex.compile("a.b").find("a\nb")).isFalse();
        assertThat(Regex.compile("(?s)a.b").find("a\nb")).isTrue();
        assertThat(Regex.compile("admin").find("ADMIN")).isFalse();
        assertThat(Regex.compile("(?i)admin").find("ADMIN")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "a**", "(?=a)", "(?<!a)b", "(a)\\1", "a{1001}", "\\p{Nonsense}", "(?P<n", "*"})
    void whatRe2RefusesIsRefused(String pattern) {
        assertThatThrownBy(() -> Regex.compile(pattern)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(.*a){12}$", "^(a+)+$", "(a|a)*b", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"})
    void patternsThatHangABacktrackerAreAnswered(String pattern) {
        String text = "a".repeat(5_000) + "!";

        // A backtracker takes more steps than it will ever end; how long an answer takes is not looked at.
        assertTimeoutPreemptively(
                Duration.ofMinutes(5), () -> Regex.compile(pattern).find(text));
    }

    @Test
    void aHugePatternIsNotSearchedForInAHugeText() {
        Regex huge = Regex.compile("(a|b){900}".repeat(4));

        assertThat(huge.canSearch("a".repeat(1_000))).isTrue();
        assertThat(huge.canSearch("a".repeat(1 << 20))).isFalse();
        assertThat(Regex.compile("admin").canSearch("a".repeat(1 << 20))).isTrue();
    }
}
