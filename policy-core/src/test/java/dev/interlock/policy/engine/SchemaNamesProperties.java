package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.naive.NaiveSchema;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** What the schema reads is held against a plain walk through its words. */
class SchemaNamesProperties {

    private static final Arbitrary<String> NAMES = Arbitraries.of("a", "A", "i", "l", "\u0430", "a ");

    private static Arbitrary<Object> part(int depth) {
        if (depth == 0) {
            return Arbitraries.of(
                    true, Map.of(), Map.of("$ref", "#"), Map.of("$ref", "#/$defs/a"), Map.of("$ref", "#x"));
        }
        Arbitrary<Object> below = Arbitraries.lazy(() -> part(depth - 1));
        Arbitrary<Map<String, Object>> byName = Arbitraries.maps(NAMES, below).ofMaxSize(2);
        Arbitrary<List<Object>> several = below.list().ofMaxSize(2);
        Arbitrary<Map.Entry<String, Object>> word = Arbitraries.oneOf(
                word("properties", byName),
                word("properties", byName),
                word("patternProperties", byName),
                word("dependentSchemas", byName),
                word("allOf", several),
                word("anyOf", several),
                word("oneOf", several),
                word("if", below),
                word("then", below),
                word("else", below),
                word("items", below),
                word("additionalProperties", below),
                word("required", NAMES.list().ofMaxSize(2)),
                word("$ref", Arbitraries.of("#", "#/$defs/a", "#/$defs/l", "other.json")));
        return word.list().ofMaxSize(3).map(SchemaNamesProperties::mapOf);
    }

    private static Arbitrary<Map.Entry<String, Object>> word(String name, Arbitrary<?> values) {
        return values.map(value -> Map.entry(name, value));
    }

    private static Object mapOf(List<Map.Entry<String, Object>> entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        entries.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
        return map;
    }

    @Provide
    Arbitrary<ObjectValue> schemas() {
        Arbitrary<Map<String, Object>> definitions =
                Arbitraries.maps(Arbitraries.of("a", "l"), part(1)).ofMinSize(1);
        return Combinators.combine(part(2), definitions).as((root, map) -> {
            Map<String, Object> all = new LinkedHashMap<>(root instanceof Map<?, ?> words ? copy(words) : Map.of());
            all.put("$defs", map);
            return (ObjectValue) Value.freeze(all);
        });
    }

    private static Map<String, Object> copy(Map<?, ?> words) {
        Map<String, Object> copy = new LinkedHashMap<>();
        words.forEach((name, value) -> copy.put((String) name, value));
        return copy;
    }

    @Provide
    Arbitrary<ObjectValue> arguments() {
        return members(2).map(map -> (ObjectValue) Value.freeze(map));
    }

    private static Arbitrary<Map<String, Object>> members(int depth) {
        Arbitrary<Object> values = depth == 0
                ? Arbitraries.just(1)
                : Arbitraries.oneOf(
                        Arbitraries.just(1),
                        members(depth - 1).map(map -> map),
                        members(depth - 1).map(List::of));
        return Arbitraries.maps(NAMES, values).ofMaxSize(2);
    }

    @Property(tries = 3_000)
    void membersAreUnclearWhereAPlainWalkFindsThemSo(
            @ForAll("schemas") ObjectValue schema, @ForAll("arguments") ObjectValue arguments) {
        boolean clear = NaiveSchema.isClear(schema, arguments);
        Statistics.collect(clear ? "clear" : "unclear");

        assertThat(SchemaNames.problem(schema, arguments)).isEqualTo(clear ? null : SchemaNames.UNCLEAR);
    }
}
