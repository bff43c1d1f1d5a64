package dev.interlock.policy.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whether two globs have a name in common. */
class OverlapProperties {

    /** Two globs of at most four characters that have a name in common have one of at most this length. */
    private static final int LONGEST = 7;

    private static final List<String> NAMES = names();

    @Provide
    Arbitrary<String> globs() {
        return Arbitraries.strings().withChars("ab*?").ofMinLength(1).ofMaxLength(4);
    }

    @Property(tries = 400)
    void twoGlobsOverlapIfSomeNameMatchesBoth(@ForAll("globs") String one, @ForAll("globs") String other) {
        NamePattern first = new NamePattern(one);
        NamePattern second = new NamePattern(other);
        boolean expected = NAMES.stream().anyMatch(name -> first.matches(name) && second.matches(name));

        assertThat(first.overlaps(second)).isEqualTo(expected);
        assertThat(second.overlaps(first)).isEqualTo(expected);
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(List.of(""));
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).length() < LONGEST) {
                names.add(names.get(i) + 'a');
                names.add(names.get(i) + 'b');
            }
        }
        return names;
    }
}
