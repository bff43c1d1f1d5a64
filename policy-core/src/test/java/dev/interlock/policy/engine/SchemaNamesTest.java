package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.validate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Validation;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which members of a call can't be told from those that the tool's schema reads, wherever it reads them. */
class SchemaNamesTest {

    private static final Map<String, Object> MONEY = Map.of("properties", Map.of("amount", Map.of("maximum", 100)));
    private static final Map<String, Object> NULL = Map.of("type", "null");

    private static boolean allows(Policy policy, Map<String, ?> schema, Map<String, ?> arguments) {
        PolicyEngine engine = PolicyEngine.builder(policy)
                .schemaValidator((words, members) -> Optional.empty())
                .build();
        engine.tools()
                .learn(null, List.of(ToolDefinition.named("pay").withInputSchema((ObjectValue) Value.freeze(schema))));
        return engine.decide(Desk.pay(arguments)).allowed();
    }

    private static boolean fits(Map<String, ?> schema, Map<String, ?> arguments) {
        return allows(pay(validate("schema", Policies.schema())), schema, arguments);
    }

    private static Map<String, Object> member(Object schema) {
        return Map.of("properties", Map.of("o", schema));
    }

    private static Map<String, Object> defined(String reference) {
        return Map.of(
                "properties", Map.of("o", Map.of("$ref", reference)), "$defs", Map.of("I/~ +", MONEY, "I", MONEY));
    }

    /** Schemas whose member {@code o} is an amount, as a list of one element or as it is. */
    static List<Arguments> ways() {
        List<Object> items = List.of(MONEY);
        return List.of(
                Arguments.of("properties", member(MONEY), false),
                Arguments.of("$ref", defined("#/$defs/I"), false),
                Arguments.of("$ref, escaped", defined("#/$defs/I~1~0%20+"), false),
                Arguments.of(
                        "definitions",
                        Map.of(
                                "definitions",
                                Map.of("I", MONEY),
                                "properties",
                                Map.of("o", Map.of("$ref", "#/definitions/I"))),
                        false),
                Arguments.of(
                        "$ref to the root",
                        Map.of("properties", Map.of("o", Map.of("$ref", "#"), "amount", Map.of())),
                        false),
                Arguments.of(
                        "$ref into a list",
                        Map.of("allOf", List.of(MONEY), "properties", Map.of("o", Map.of("$ref", "#/allOf/0"))),
                        false),
                Arguments.of("allOf", member(Map.of("allOf", List.of(NULL, MONEY))), false),
                Arguments.of("anyOf", member(Map.of("anyOf", List.of(NULL, MONEY))), false),
                Arguments.of("oneOf", member(Map.of("oneOf", List.of(NULL, MONEY))), false),
                Arguments.of("if", member(Map.of("if", MONEY)), false),
                Arguments.of("then", member(Map.of("if", NULL, "then", MONEY)), false),
                Arguments.of("else", member(Map.of("if", NULL, "else", MONEY)), false),
                Arguments.of("not", member(Map.of("not", MONEY)), false),
                Arguments.of("dependentSchemas", member(Map.of("dependentSchemas", Map.of("x", MONEY))), false),
                Arguments.of("its key", member(Map.of("dependentSchemas", Map.of("amount", Map.of()))), false),
                Arguments.of(
                        "dependentRequired", member(Map.of("dependentRequired", Map.of("amount", List.of()))), false),
                Arguments.of("required", member(Map.of("required", List.of("amount"))), false),
                Arguments.of("additionalProperties", Map.of("additionalProperties", MONEY), false),
                Arguments.of("unevaluatedProperties", Map.of("unevaluatedProperties", MONEY), false),
                Arguments.of("patternProperties", Map.of("patternProperties", Map.of("^o$", MONEY)), false),
                Arguments.of("items", member(Map.of("items", MONEY)), true),
                Arguments.of("a list of items", member(Map.of("items", items)), true),
                Arguments.of("prefixItems", member(Map.of("prefixItems", items, "items", false)), true),
                Arguments.of("items after the first", member(Map.of("prefixItems", List.of(), "items", MONEY)), true),
                Arguments.of("additionalItems", member(Map.of("items", List.of(), "additionalItems", MONEY)), true),
                Arguments.of("contains", member(Map.of("contains", MONEY)), true),
                Arguments.of("unevaluatedItems", member(Map.of("unevaluatedItems", MONEY)), true),
                Arguments.of(
                        "one in the other",
                        Map.of(
                                "$defs", Map.of("I", Map.of("anyOf", List.of(Map.of("allOf", List.of(MONEY))))),
                                "allOf", List.of(member(Map.of("$ref", "#/$defs/I")))),
                        false));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ways")
    void aMemberThatTheSchemaReadsInAnyWayMustBeClear(String way, Map<String, ?> schema, boolean list) {
        assertThat(fits(schema, in(list, Map.of("amount", 5, "Amount", 500)))).isFalse();
        assertThat(fits(schema, in(list, Map.of("Amount", 500)))).isFalse();
        assertThat(fits(schema, in(list, Map.of("amount", 5, "am\u043eunt", 500))))
                .isFalse();
        assertThat(fits(schema, in(list, Map.of("amount", 5, "x", 1)))).isTrue();
        assertThat(fits(schema, in(list, Map.of("amount", 5, "x", 1, "y", Map.of("z", 1, "Z", 2)))))
                .isTrue();
    }

    private static Map<String, ?> in(boolean list, Map<String, ?> value) {
        return Map.of("o", list ? List.of(value) : value);
    }

    static List<String> unknown() {
        return List.of("other.json", "#anchor", "#/$defs/none", "#/$defs/%zz", "https://example.com/s#/x");
    }

    @ParameterizedTest
    @MethodSource("unknown")
    void behindAReferenceThatCanNotBeFollowedNoTwoMembersMayPassForOneAnother(String reference) {
        Map<String, Object> schema = member(Map.of("$ref", reference));

        assertThat(fits(schema, Map.of("o", Map.of("k", 1, "K", 2)))).isFalse();
        assertThat(fits(schema, Map.of("o", List.of(Map.of("x", Map.of("k", 1, "\u212a", 2))))))
                .isFalse();
        assertThat(fits(schema, Map.of("o", Map.of("k", 1, "l", 2)))).isTrue();
        assertThat(fits(schema, Map.of("o", 1, "k", 1, "K", 2))).isTrue();
    }

    @Test
    void aPartWithAnAddressOfItsOwnHasReferencesThatCanNotBeFollowed() {
        Map<String, Object> schema = member(Map.of("$id", "part.json", "$ref", "#/$defs/I"));

        assertThat(fits(schema, Map.of("o", Map.of("k", 1, "K", 2)))).isFalse();
    }

    @Test
    void twoMembersBesideAPatternMayNotPassForOneAnother() {
        Map<String, Object> schema = Map.of("patternProperties", Map.of("^a", Map.of("maximum", 5)));

        assertThat(fits(schema, Map.of("amount", 5, "Amount", 500))).isFalse();
        assertThat(fits(schema, Map.of("amount", 5, "bmount", 500))).isTrue();
    }

    @Test
    void namesThatNoPartOfTheSchemaReadsMayPassForOneAnother() {
        assertThat(fits(Map.of("additionalProperties", Map.of("type", "string")), Map.of("The", "a", "the", "b")))
                .isTrue();
        assertThat(fits(MONEY, Map.of("amount", 5, "note", 1, "Note", 2))).isTrue();
    }

    @Test
    void theToolTellsApartWhatItsSchemaDeclaresTogether() {
        Map<String, Object> both = Map.of(
                "properties",
                Map.of("amount", Map.of(), "Amount", Map.of()),
                "required",
                List.of("amount"),
                "anyOf",
                List.of(Map.of("required", List.of("Amount")), Map.of("properties", Map.of("amount", Map.of()))));
        Map<String, Object> arguments = Map.of("amount", 5, "Amount", 500);
        Policy required = pay(validate("given", given(true, List.of())));

        assertThat(fits(both, arguments)).isTrue();
        assertThat(allows(required, both, arguments)).isTrue();
        assertThat(allows(required, both, Map.of("amount", 5, "AMOUNT", 500))).isFalse();
        assertThat(allows(required, both, Map.of("Amount", 5))).isFalse();
        assertThat(fits(both, Map.of("amount", 5, "AMOUNT", 500))).isFalse();
        assertThat(allows(denyIf(when("args.amount", Operator.GT, 100)), both, arguments))
                .isFalse();
        assertThat(allows(pay(validate("given", given(false, List.of("amount")))), both, arguments))
                .isFalse();
    }

    @Test
    void whatOnlyTwoAlternativesDeclareIsNotToldApart() {
        Map<String, Object> schema = Map.of("anyOf", List.of(MONEY, Map.of("properties", Map.of("Amount", Map.of()))));

        assertThat(fits(schema, Map.of("amount", 5, "Amount", 500))).isFalse();
    }

    private static Validation given(boolean schema, List<String> names) {
        return new Validation(schema, names, false, false, OptionalInt.empty(), OptionalInt.empty());
    }

    /** Without a memory of what was followed it would take for ever. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void aSchemaThatRefersToItselfInManyWaysIsFollowedOnce() {
        Map<String, Object> parts = new LinkedHashMap<>();
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            all.add(Map.of("$ref", "#/$defs/" + i));
        }
        for (int i = 0; i < 30; i++) {
            parts.put(Integer.toString(i), Map.of("anyOf", all, "additionalProperties", Map.of("$ref", "#/$defs/0")));
        }
        parts.put("29", MONEY);
        Map<String, Object> schema = Map.of("$defs", parts, "$ref", "#/$defs/0");

        assertThat(fits(schema, Map.of("x", Map.of("y", Map.of("amount", 5, "Amount", 500)))))
                .isFalse();
        assertThat(fits(schema, Map.of("x", Map.of("y", Map.of("amount", 5, "z", 500)))))
                .isTrue();
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void aCallThatCostsTooMuchToLookAtIsDenied() {
        List<Object> parts = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            parts.add(Map.of("properties", Map.of("p" + i, Map.of())));
        }
        Map<String, Object> schema = member(Map.of("items", Map.of("allOf", parts)));

        assertThat(fits(schema, Map.of("o", Collections.nCopies(20, Map.of("a", 1)))))
                .isTrue();
        assertThat(fits(schema, Map.of("o", Collections.nCopies(5_000, Map.of("a", 1)))))
                .isFalse();
    }
}
