package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.naive.NaivePattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

class NamePatternProperties {

    @Provide
    Arbitrary<String> globs() {
        return Arbitraries.strings().withChars("ab*?").ofMinLength(1).ofMaxLength(8);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings().withChars("ab").ofMaxLength(8);
    }

    @Property
    void matchesWhatTryingEverySplitMatches(@ForAll("globs") String glob, @ForAll("names") String name) {
        boolean matches = new NamePattern(glob).matches(name);

        assertThat(matches).isEqualTo(NaivePattern.matches(glob, name));
        Statistics.collect(matches);
        Statistics.coverage(coverage -> coverage.check(true).percentage(share -> share > 5));
    }

    @Property
    void aPlainNameMatchesOnlyItself(@ForAll("names") String name, @ForAll("names") String other) {
        if (!name.isEmpty()) {
            assertThat(new NamePattern(name).isExact()).isTrue();
            assertThat(new NamePattern(name).matches(other)).isEqualTo(name.equals(other));
        }
    }

    @Example
    void aQuestionMarkIsOneCharacterNotHalfOfOne() {
        assertThat(new NamePattern("?").matches("\ud83d\ude00")).isTrue();
        assertThat(new NamePattern("??").matches("\ud83d\ude00")).isFalse();
        assertThat(new NamePattern("a?b").matches("a\ud83d\ude00b")).isTrue();
        assertThat(new NamePattern("*\ude00").matches("\ud83d\ude00")).isFalse();
    }

    @Example
    void manyStarsAreNoWork() {
        String glob = "*a".repeat(200) + "b";
        assertThat(new NamePattern(glob).matches("a".repeat(20_000))).isFalse();
    }
}
