package dev.interlock.policy.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.text.Skeleton;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** Whether a member is read is held against the plain comparison of its name with each other one. */
class NeighbourProperties {

    private static final Value UNCLEAR = new Value.Array(java.util.List.of());

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of("abAB0oOl1iI|_- ".split(""))
                .edgeCases(edges -> edges.none())
                .list()
                .ofMaxSize(3)
                .map(letters -> String.join("", letters));
    }

    @Provide
    Arbitrary<String> foreignNames() {
        return Arbitraries.of(
                        "a", "A", "o", "0", "i", "l", "\u0430", "\u043e", "\uff41", "\u200b", "e\u0301", "\u00e9",
                        "\u00c9", "\u00a0")
                .list()
                .ofMaxSize(3)
                .map(letters -> String.join("", letters));
    }

    @Provide
    Arbitrary<Set<String>> few() {
        return names().set().ofMaxSize(5);
    }

    @Provide
    Arbitrary<Set<String>> many() {
        return names().set().ofMinSize(17).ofMaxSize(60);
    }

    @Provide
    Arbitrary<Set<String>> foreign() {
        return foreignNames().set().ofMaxSize(5);
    }

    @Property
    void fewNamesAreReadAsIfEachWereCompared(@ForAll("few") Set<String> names, @ForAll("names") String name) {
        isReadAsIfEachWereCompared(names, name);
    }

    @Property
    void manyNamesAreReadAsIfEachWereCompared(@ForAll("many") Set<String> names, @ForAll("names") String name) {
        isReadAsIfEachWereCompared(names, name);
    }

    @Property
    void foreignNamesAreReadAsIfEachWereCompared(
            @ForAll("foreign") Set<String> names, @ForAll("foreignNames") String name) {
        isReadAsIfEachWereCompared(names, name);
    }

    private static void isReadAsIfEachWereCompared(Set<String> names, String name) {
        Map<String, Value> members = new LinkedHashMap<>();
        names.forEach(each -> members.put(each, new Value.Text(each)));
        boolean unclear = names.stream()
                .anyMatch(each -> !each.equals(name)
                        && ((isVisibleAscii(each) && isVisibleAscii(name))
                                ? each.equalsIgnoreCase(name)
                                : Skeleton.visible(each).equals(Skeleton.visible(name))));
        Statistics.collect(unclear ? "unclear" : names.contains(name) ? "found" : "absent");

        Value read = ObjectValue.of(members).read(MemberName.of(name), UNCLEAR);

        assertThat(read).isSameAs(unclear ? UNCLEAR : members.get(name));
        assertThat(names.stream().anyMatch(MemberName.of(name)::isPassedForBy)).isEqualTo(unclear);
    }

    private static boolean isVisibleAscii(String name) {
        return name.chars().allMatch(c -> c > ' ' && c < 0x7F);
    }

    @Property
    void aSkeletonIsItsOwn(@ForAll("foreignNames") String name) {
        assertThat(Skeleton.of(Skeleton.of(name))).isEqualTo(Skeleton.of(name));
        assertThat(Skeleton.visible(Skeleton.visible(name))).isEqualTo(Skeleton.visible(name));
    }
}
