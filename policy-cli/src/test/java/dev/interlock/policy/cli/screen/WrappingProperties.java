package dev.interlock.policy.cli.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

/** What holds of every line that is broken to fit. */
class WrappingProperties {

    @Property
    void noLineIsWiderThanTheScreenAndNoTextIsLostOrAdded(
            @ForAll @CharRange(from = 'a', to = 'd') @CharRange(from = ' ', to = '/') @StringLength(max = 200)
                    String text,
            @ForAll @IntRange(min = 20, max = 120) int width) {
        List<String> lines = Wrapping.hanging(text, width);

        assertThat(lines).allMatch(line -> Columns.of(line) <= width || line.isBlank());
        assertThat(String.join("", lines).replace(" ", "")).isEqualTo(text.replace(" ", ""));
    }

    @Property
    void wordsThatFitStayWhole(
            @ForAll List<@CharRange(from = 'a', to = 'z') @StringLength(min = 1, max = 9) String> words,
            @ForAll @IntRange(min = 20, max = 60) int width) {
        String text = String.join(" ", words);

        assertThat(String.join(" ", Wrapping.hanging(text, width)).strip().split(" +"))
                .isEqualTo(text.split(" "));
    }

    @Property
    void aLineThatFitsIsLeftAsItIs(
            @ForAll @CharRange(from = ' ', to = '~') @StringLength(max = 20) String text,
            @ForAll @IntRange(min = 20, max = 60) int width) {
        assertThat(Wrapping.hanging(text, width)).containsExactly(text);
    }
}
