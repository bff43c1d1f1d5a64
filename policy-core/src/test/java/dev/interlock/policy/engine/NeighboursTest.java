package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.count;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.spend;
import static dev.interlock.policy.engine.Policies.validate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Members that some servers take for the one that a policy reads. */
class NeighboursTest {

    private static final Condition SMALL = when("args.amount", Operator.LTE, 100);
    private static final Condition LARGE = when("args.amount", Operator.GT, 100);

    private static Verdict verdict(Policy policy, Map<String, ?> arguments) {
        return new Desk(policy).decide(arguments).verdict();
    }

    /** In both orders, since servers differ in which of the two they take. */
    private static void isUnclear(Map<String, ?> arguments) {
        List<Map.Entry<String, ?>> entries = new ArrayList<>(arguments.entrySet());
        Map<String, Object> backwards = new LinkedHashMap<>();
        for (int i = entries.size() - 1; i >= 0; i--) {
            backwards.put(entries.get(i).getKey(), entries.get(i).getValue());
        }
        for (Map<String, ?> each : List.of(arguments, backwards)) {
            assertThat(verdict(require(SMALL), each)).isEqualTo(Verdict.DENIED);
            assertThat(verdict(denyIf(LARGE), each)).isEqualTo(Verdict.DENIED);
            assertThat(verdict(pay(check("rule", SMALL)), each)).isEqualTo(Verdict.DENIED);
            assertThat(verdict(pay(ask("rule", LARGE)), each)).isEqualTo(Verdict.NEEDS_APPROVAL);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Amount",
                "AMOUNT",
                "amounT",
                "\u0430mount",
                "am\u03bfunt",
                "\uff41\uff4d\uff4f\uff55\uff4e\uff54",
                "amount ",
                " amount",
                "\u00a0amount",
                "amount\u0000",
                "amount\n",
                "\ufeffamount",
                "am\u200bount",
                "am\u00adount",
                "amount\ufe0f"
            })
    void aMemberThatPassesForTheOneThatIsReadMakesItUnclear(String other) {
        Map<String, Object> both = new LinkedHashMap<>();
        both.put("amount", 5);
        both.put(other, 500);

        isUnclear(both);
        isUnclear(Map.of(other, 500));
        isUnclear(Map.of(other, 5));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "amounts",
                "amoun",
                "amount_",
                "a.mount",
                "count",
                "",
                "tnuoma",
                "amoumt",
                "amou\u00f1t",
                "am0unt"
            })
    void aMemberOfAnotherNameChangesNothing(String other) {
        assertThat(verdict(require(SMALL), Map.of("amount", 5, other, 500))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(denyIf(LARGE), Map.of("amount", 5, other, 500))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(denyIf(LARGE), Map.of(other, 500))).isEqualTo(Verdict.ALLOWED);
    }

    /** Readers of JSON leave case aside, but no letters or digits. */
    @ParameterizedTest
    @CsvSource({"url, uri", "i, l", "l, 1", "x1, xl", "col0, colo", "a|, al", "O, 0"})
    void lettersAndDigitsOfAsciiPassForNoOthersButForCase(String name, String other) {
        Policy given = require(when("args.\"" + name + "\"", Operator.EXISTS, true));
        Policy ungiven = denyIf(when("args.\"" + name + "\"", Operator.EXISTS, true));

        assertThat(verdict(given, Map.of(name, 1, other, 2))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(ungiven, Map.of(other, 2))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(ungiven, Map.of(other + " ", 2))).isEqualTo(Verdict.DENIED);
        assertThat(verdict(given, Map.of(name, 1, other + "\u200b", 2))).isEqualTo(Verdict.DENIED);
    }

    @Test
    void twoMembersThatNoOneReadsMayLookAlike() {
        assertThat(verdict(require(SMALL), Map.of("amount", 5, "note", "a", "Note", "b", "n0te", "c")))
                .isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void aNeighbourCountsAtEveryLevelOfThePath() {
        Policy policy = denyIf(when("args.to.name.first", Operator.EQ, "eve"));
        Map<String, Object> first = Map.of("first", "ana");

        assertThat(verdict(policy, Map.of("to", Map.of("name", first)))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(policy, Map.of("to", Map.of("name", first), "To", 1)))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, Map.of("to", Map.of("name", first, "NAME", 1))))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, Map.of("to", Map.of("Name", first)))).isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, Map.of("to", Map.of("name", Map.of("first", "ana", "First", "eve")))))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, Map.of("to", Map.of("name", first, "x", Map.of("FIRST", 1)))))
                .isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void aNeighbourCountsInEveryElementOfAList() {
        Condition paid = when("args.items[*].amount", Operator.LTE, 100);
        Map<String, Object> good = Map.of("amount", 5);
        Map<String, Object> unclear = Map.of("amount", 5, "Amount", 500);

        assertThat(verdict(require(paid), Map.of("items", List.of(good, good)))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(require(paid), Map.of("items", List.of(good, unclear))))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(require(paid), Map.of("items", List.of(good), "Items", List.of())))
                .isEqualTo(Verdict.DENIED);
        Policy first = denyIf(when("args.items.0.amount", Operator.GT, 100));
        assertThat(verdict(first, Map.of("items", List.of(unclear)))).isEqualTo(Verdict.DENIED);
        assertThat(verdict(first, Map.of("items", List.of(good, unclear)))).isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void aNeighbourOfWhatMayBeAbsentMakesItUnclearWhetherItIs() {
        assertThat(verdict(require(when("args.force", Operator.EXISTS, false)), Map.of("Force", true)))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(denyIf(when("args.force", Operator.EXISTS, true)), Map.of("Force", true)))
                .isEqualTo(Verdict.DENIED);
        assertThat(verdict(denyIf(when("args.force", Operator.EXISTS, true)), Map.of("fort", true)))
                .isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void theContextIsReadAsTheArgumentsAre() {
        Policy policy = denyIf(when("ctx.role", Operator.EQ, "guest"));
        ObjectValue unclear = (ObjectValue) Value.freeze(Map.of("role", "boss", "Role", "guest"));
        ObjectValue clear = (ObjectValue) Value.freeze(Map.of("role", "boss"));

        assertThat(new Desk(policy)
                        .engine
                        .decide(Desk.pay(Map.of()).with(unclear))
                        .verdict())
                .isEqualTo(Verdict.DENIED);
        assertThat(new Desk(policy)
                        .engine
                        .decide(Desk.pay(Map.of()).with(clear))
                        .verdict())
                .isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void anAmountThatCanNotBeToldDenies() {
        Policy counted = pay(count("sum", "args.price", ChargeMode.SUCCESS));
        Policy spent = pay(
                spend("budget", null, Map.of(Window.Calendar.DAY, Amount.of(10)), "args.price", ChargeMode.SUCCESS));
        Policy limited = Policies.of(
                "pay",
                Policies.entry(
                        List.of(),
                        List.of(new Limit(
                                Limit.Form.LIMITS,
                                "sum",
                                Amount.of(10),
                                Window.Calendar.DAY,
                                Algorithm.FIXED_WINDOW,
                                Scope.TOOL,
                                Amount.ONE,
                                Path.parse("args.price"),
                                ChargeMode.SUCCESS,
                                null,
                                Place.of("tools.pay.limits[0]"))),
                        List.of()));
        for (Policy policy : List.of(counted, spent, limited)) {
            assertThat(verdict(policy, Map.of("price", 5))).isEqualTo(Verdict.ALLOWED);
            assertThat(verdict(policy, Map.of("price", 5, "Price", 5))).isEqualTo(Verdict.DENIED);
            assertThat(verdict(policy, Map.of("Price", 5))).isEqualTo(Verdict.DENIED);
        }
    }

    @Test
    void aRequiredArgumentThatCanNotBeToldIsNotThere() {
        Policy policy = pay(validate(
                "given",
                new Validation(false, List.of("name"), false, false, OptionalInt.empty(), OptionalInt.empty())));

        assertThat(verdict(policy, Map.of("name", "x"))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(policy, Map.of("name", "x", "NAME", "y"))).isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, Map.of("NAME", "y"))).isEqualTo(Verdict.DENIED);
    }

    @Test
    void whatTheSchemaHasMustBeClearToFitIt() {
        PolicyEngine engine = PolicyEngine.builder(pay(validate("schema", Policies.schema())))
                .schemaValidator((schema, arguments) -> Optional.empty())
                .build();
        ObjectValue schema = (ObjectValue) Value.freeze(Map.of(
                "properties",
                Map.of(
                        "amount", Map.of("type", "number"),
                        "to", Map.of("properties", Map.of("name", true)),
                        "items", Map.of("items", Map.of("properties", Map.of("id", Map.of()))))));
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(schema)));

        Map<String, Map<String, ?>> unclear = Map.of(
                "beside", Map.of("amount", 5, "Amount", 500),
                "instead", Map.of("Amount", 500),
                "in a member", Map.of("to", Map.of("name", "ana", "Name", "eve")),
                "in an element", Map.of("items", List.of(Map.of("id", 1), Map.of("ID", 2))));
        unclear.forEach((where, arguments) -> assertThat(
                        engine.decide(Desk.pay(arguments)).allowed())
                .as(where)
                .isFalse());
        assertThat(engine.decide(Desk.pay(Map.of(
                                "amount", 5,
                                "to", Map.of("name", "ana", "x", 1, "X", 2),
                                "items", List.of(Map.of("id", 1)),
                                "note", 1,
                                "Note", 2)))
                        .allowed())
                .isTrue();
    }

    @Test
    void theExplanationSaysThatTheValueCanNotBeTold() {
        List<Explanation.ExplainedStep> steps = new Desk(require(SMALL))
                .engine
                .explain(Desk.pay(Map.of("amount", 5, "Amount", 500)))
                .steps();

        assertThat(steps.stream().flatMap(step -> step.details().stream()).map(Explanation.ExplainedStep::text))
                .anyMatch(text -> text.contains("invalid") && text.contains("only in case"));
    }

    /** As many pairs as would take hours if each name were compared with each other one. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void manyMembersAreIndexedOnce() {
        Map<String, Object> plain = new LinkedHashMap<>();
        Map<String, Object> foreign = new LinkedHashMap<>();
        for (int i = 0; i < 60_000; i++) {
            plain.put("k" + Integer.toString(i, 36), 1);
            foreign.put("\u0436" + Integer.toString(i, 36), 1);
        }
        Condition[] conditions = new Condition[200];
        for (int i = 0; i < conditions.length; i++) {
            conditions[i] = when("args.none" + Integer.toString(i, 36), Operator.EXISTS, false);
        }
        for (Map<String, Object> arguments : List.of(plain, foreign)) {
            ToolCall call = Desk.pay(arguments);
            Desk desk = new Desk(require(conditions));
            for (int i = 0; i < 1_000; i++) {
                assertThat(desk.engine.decide(call).allowed()).isTrue();
            }
            arguments.put("None0", 1);
            assertThat(desk.decide(arguments).allowed()).isFalse();
            arguments.remove("None0");
        }
    }
}
