package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Texts as keys. */
class TextKeyTest {

    @Property
    void keysHaveTheOrderOfTheTextsAndTheTextCanBeReadAgain(@ForAll String one, @ForAll String other) {
        int byKey = Arrays.compareUnsigned(TextKey.of(one), TextKey.of(other));

        if (one.length() <= 500 && other.length() <= 500) {
            assertThat(Integer.signum(byKey)).isEqualTo(Integer.signum(one.compareTo(other)));
        }
        assertThat(byKey == 0).isEqualTo(one.equals(other));
        assertThat(TextKey.text(TextKey.whole(one))).isEqualTo(one);
    }

    @Example
    void longTextsHaveShortKeysOfTheirOwn() {
        String text = "a".repeat(100_000);

        assertThat(TextKey.of(text)).hasSize(1_000).isNotEqualTo(TextKey.of(text + "b"));
        assertThat(TextKey.of("a".repeat(500))).isEqualTo(TextKey.whole("a".repeat(500)));
    }

    @Example
    void whatCannotBeShownIsEscaped() {
        assertThat(TextKey.shown("a\u0000\n\uD83Db\uD83D\uDE00"))
                .startsWith("a\\")
                .endsWith("b\uD83D\uDE00")
                .doesNotContain("\u0000", "\n", "\uD83Db");
    }
}
