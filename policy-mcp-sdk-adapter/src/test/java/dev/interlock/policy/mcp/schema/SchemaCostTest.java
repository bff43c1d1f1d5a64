package dev.interlock.policy.mcp.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SchemaCostTest {

    /** Accepts everything, and counts how often it was asked. */
    private final AtomicInteger asked = new AtomicInteger();

    private final SdkSchemaValidator counting = SdkSchemaValidator.of(() -> (schema, content) -> {
        asked.incrementAndGet();
        return io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse.asValid("");
    });

    private Optional<String> problem(Object schema, Object arguments) {
        return counting.problem((ObjectValue) Value.freeze(schema), (ObjectValue) Value.freeze(arguments));
    }

    private static Map<String, Object> a(Object schema) {
        return Map.of("properties", Map.of("a", schema));
    }

    private static Map<String, Object> items(Object schema) {
        return a(Map.of("items", schema));
    }

    /** Texts whose hashes are all equal. */
    private static List<String> ofOneHash(int doublings) {
        List<String> texts = List.of("");
        for (int i = 0; i < doublings; i++) {
            texts = texts.stream()
                    .flatMap(text -> Stream.of(text + "Aa", text + "BB"))
                    .toList();
        }
        return texts;
    }

    static Stream<Arguments> tooMuch() {
        BigDecimal large = new BigDecimal("1e9999");
        List<Object> doubled = new ArrayList<>(Collections.nCopies(100_000, "x"));
        Map<String, Object> patterns = new HashMap<>();
        Map<String, Object> names = new HashMap<>();
        for (int i = 0; i < 1_000; i++) {
            patterns.put("^p" + i + "[a-z]*$", true);
            names.put("p" + i, 1);
        }
        Map<String, Object> draft7 = new HashMap<>(a(Map.of("format", "idn-hostname")));
        draft7.put("$schema", "http://json-schema.org/draft-07/schema#");
        Object nested = Map.of("type", "object");
        for (int i = 0; i < 30; i++) {
            nested = Map.of("allOf", List.of(nested), "unevaluatedProperties", false);
        }
        return Stream.of(
                Arguments.of("multipleOf of large numbers", items(Map.of("multipleOf", 0.01)), numbers(large, 1)),
                Arguments.of(
                        "multipleOf a tiny number", a(Map.of("multipleOf", new BigDecimal("1e-9999"))), numbers(1, 1)),
                Arguments.of("a number that is large somewhere", Map.of(), Map.of("b", Map.of("c", List.of(large)))),
                Arguments.of("a whole number of a thousand digits", Map.of(), Map.of("b", BigInteger.TEN.pow(999))),
                Arguments.of("zero with a large exponent", Map.of(), Map.of("b", new BigDecimal("0e-9999"))),
                Arguments.of("enum of large numbers", items(Map.of("enum", List.of(large))), numbers(1, 9)),
                Arguments.of(
                        "uniqueItems and texts of one hash",
                        a(Map.of("uniqueItems", true)),
                        Map.of("a", ofOneHash(13))),
                Arguments.of("uniqueItems and equal texts", a(Map.of("uniqueItems", true)), Map.of("a", doubled)),
                Arguments.of(
                        "uniqueItems and many fractions",
                        a(Map.of("uniqueItems", true)),
                        Map.of(
                                "a",
                                IntStream.range(0, 9_000).mapToObj(i -> i + 0.5).toList())),
                Arguments.of("enum of texts of one hash", items(Map.of("enum", ofOneHash(12))), numbers("x", 5_000)),
                Arguments.of("many errors of type", items(Map.of("type", "string")), numbers(5, 400_000)),
                Arguments.of("many errors of minimum", items(Map.of("minimum", 6)), numbers(5, 100_000)),
                Arguments.of("many errors of const", items(Map.of("const", 6)), numbers(5, 100_000)),
                Arguments.of("many errors of contains", a(Map.of("contains", Map.of("const", 1))), numbers(5, 100_000)),
                Arguments.of("many false schemas", items(false), numbers(5, 100_000)),
                Arguments.of(
                        "many missing names",
                        Map.of(
                                "required",
                                IntStream.range(0, 30_000)
                                        .mapToObj(i -> "n" + i)
                                        .toList()),
                        Map.of()),
                Arguments.of(
                        "many missing names by another",
                        Map.of(
                                "dependentRequired",
                                Map.of(
                                        "a",
                                        IntStream.range(0, 30_000)
                                                .mapToObj(i -> "n" + i)
                                                .toList())),
                        Map.of("a", 1)),
                Arguments.of(
                        "errors at a place with a long name",
                        Map.of("additionalProperties", Map.of("items", Map.of("type", "string"))),
                        Map.of("k".repeat(100_000), Collections.nCopies(1_000, 5))),
                Arguments.of(
                        "errors that each repeat a long constant",
                        items(Map.of("const", "k".repeat(100_000))),
                        numbers(5, 1_000)),
                Arguments.of("many patterns by many names", Map.of("patternProperties", patterns), names),
                Arguments.of(
                        "a long bounded repetition",
                        a(Map.of("pattern", "[a]{5000}b")),
                        Map.of("a", "a".repeat(500_000))),
                Arguments.of("a format of a long text", draft7, Map.of("a", "a.".repeat(100_000))),
                Arguments.of("unevaluatedProperties within each other", nested, Map.of("a", 1)));
    }

    private static Map<String, Object> numbers(Object number, int count) {
        return Map.of("a", Collections.nCopies(count, number));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tooMuch")
    void theValidatorIsNotEvenAskedWhereItWouldTakeTooLong(String what, Object schema, Object arguments) {
        assertThat(problem(schema, arguments)).as(what).isPresent();
        assertThat(asked).as(what).hasValue(0);
    }

    static Stream<Arguments> ordinary() {
        List<String> words =
                IntStream.range(0, 10_000).mapToObj(i -> "word" + i).toList();
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            rows.add(Map.of("id", i, "price", new BigDecimal(i + ".05"), "kind", i % 2 == 0 ? "a" : "b"));
        }
        Object row = Map.of(
                "type",
                "object",
                "properties",
                Map.of(
                        "id",
                        Map.of("type", "integer", "minimum", 0),
                        "price",
                        Map.of("type", "number", "multipleOf", 0.01),
                        "kind",
                        Map.of("enum", List.of("a", "b"))),
                "required",
                List.of("id", "kind"),
                "additionalProperties",
                false);
        return Stream.of(
                Arguments.of("many words", a(Map.of("type", "array", "uniqueItems", true)), Map.of("a", words)),
                Arguments.of("many rows", items(row), Map.of("a", rows)),
                Arguments.of(
                        "an embedding",
                        items(Map.of("type", "number", "minimum", -1, "maximum", 1)),
                        numbers(new BigDecimal("0.12345678901234567"), 20_000)),
                Arguments.of(
                        "a long text",
                        a(Map.of("type", "string", "maxLength", 2_000_000)),
                        Map.of("a", "x".repeat(1_000_000))),
                Arguments.of("a double's largest", a(Map.of("type", "number")), Map.of("a", Double.MAX_VALUE)),
                Arguments.of("a double's smallest", a(Map.of("type", "number")), Map.of("a", Double.MIN_VALUE)),
                Arguments.of(
                        "mail addresses",
                        items(Map.of("type", "string", "pattern", "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$")),
                        numbers("somebody@example.com", 500)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ordinary")
    void theValidatorIsAskedAboutWhatIsLargeAndOrdinary(String what, Object schema, Object arguments) {
        assertThat(problem(schema, arguments)).as(what).isEmpty();
        assertThat(asked).as(what).hasValue(1);
    }

    @Test
    void everyErrorThatAValidatorMayWordIsCounted() throws SchemaRefusedException {
        ObjectValue schema = (ObjectValue) Value.freeze(items(Map.of("type", "string")));
        long sound = SchemaCost.check(schema, (ObjectValue) Value.freeze(numbers("x", 100)));
        long errors = SchemaCost.check(schema, (ObjectValue) Value.freeze(numbers(5, 100)));

        assertThat(errors - sound).isGreaterThan(100 * 400);
    }
}
