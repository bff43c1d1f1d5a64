package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Operator;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits that count separately by values of the call. */
class PartitionTest {

    private static final Place PLACE = Place.of("tools.pay.rules[0]");

    private static PartitionKey by(String path) {
        return new PartitionKey(Path.parse(path), false);
    }

    private static Limit once(Scope scope, PartitionKey... keys) {
        return new Limit(
                Limit.Form.RATE_LIMIT,
                null,
                Amount.of(1),
                new Window.Length(Duration.ofHours(1)),
                Algorithm.TOKEN_BUCKET,
                scope,
                Amount.ONE,
                null,
                ChargeMode.SENT,
                null,
                PLACE,
                List.of(keys));
    }

    private static Policy onceFor(PartitionKey... keys) {
        return pay(rate("once", once(Scope.TOOL, keys)));
    }

    private static ToolCall call(@Nullable Object customer) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put("customer", customer);
        return ToolCall.of("pay", arguments);
    }

    private static Decision decide(PolicyEngine engine, ToolCall call) {
        Admission admission = engine.admit(call);
        admission.succeeded();
        return admission.decision();
    }

    private static PolicyEngine engine(Policy policy) {
        return PolicyEngine.builder(policy).build();
    }

    /** Which of the calls are allowed, in order, if each value may be used once. */
    private static List<Boolean> allowed(Policy policy, List<?> values) {
        PolicyEngine engine = engine(policy);
        List<Boolean> allowed = new ArrayList<>();
        values.forEach(value -> allowed.add(decide(engine, call(value)).allowed()));
        return allowed;
    }

    static Stream<List<Object>> spellingsOfOneValue() {
        return Stream.of(
                List.of(1, 1.0, "1", new BigDecimal("1.000"), 1L),
                List.of(true, "true"),
                List.of(0, new BigDecimal("0.00"), "0", -0.0));
    }

    @ParameterizedTest
    @MethodSource("spellingsOfOneValue")
    void valuesWithOneCanonicalTextCountTogether(List<Object> spellings) {
        List<Boolean> expected = new ArrayList<>(java.util.Collections.nCopies(spellings.size(), false));
        expected.set(0, true);

        assertThat(allowed(onceFor(by("args.customer")), spellings)).isEqualTo(expected);
    }

    @Test
    void aCapOnOneCallNeedsItsOwnValuesBesidesThoseOfABucket() {
        Limit bucket = new Limit(
                Limit.Form.RATE_LIMIT,
                null,
                Amount.of(10),
                new Window.Length(Duration.ofHours(1)),
                Algorithm.TOKEN_BUCKET,
                Scope.TOOL,
                Amount.ONE,
                null,
                ChargeMode.SENT,
                null,
                PLACE);
        Limit cap = Limit.budget(Amount.of(5), Map.of(), null, ChargeMode.SENT, Scope.TOOL, PLACE)
                .get(0)
                .per(List.of(by("args.customer")));
        PolicyEngine engine = engine(pay(rate("bucket", bucket), rate("cap", cap)));

        assertThat(decide(engine, call("ada")).code()).isEqualTo(Code.ALLOWED);
        assertThat(decide(engine, call(null)).code()).isEqualTo(Code.PARTITION);
    }

    @Test
    void valuesThatDifferOnlyInCaseOrFormCountSeparatelyUnlessTheyAreFolded() {
        List<String> spellings = List.of(
                "acme", "ACME", "\uff41\uff43\uff4d\uff45", "stra\u00dfe", "STRASSE", "\u03c3\u03c2", "\u03a3\u03a3");

        assertThat(allowed(onceFor(by("args.customer")), spellings)).doesNotContain(false);
        assertThat(allowed(onceFor(new PartitionKey(Path.parse("args.customer"), true)), spellings))
                .containsExactly(true, false, false, true, false, true, false);
    }

    @Test
    void foldingKeepsLettersApartThatAreNotCasesOfOneAnother() {
        PartitionKey folded = new PartitionKey(Path.parse("args.customer"), true);

        assertThat(allowed(
                        onceFor(folded),
                        List.of("i", "\u0131", "I", "\u0130", "\u1e9e", "ss", "\ufb01", "FI", "\u212a", "k")))
                .containsExactly(true, true, false, true, true, false, true, false, true, false);
    }

    static Stream<Object> noValues() {
        return Stream.of(
                "",
                " ",
                "a  b",
                "a\u00a0b",
                "a\u2003b",
                "a\tb",
                "a\nb",
                "acme\u200b",
                "ac\u202eme",
                "ac\u0000me",
                "a\u007f",
                "\u3164",
                "x".repeat(257),
                "\ud83d\ude00".repeat(257),
                new BigDecimal("1e300"),
                List.of("a"),
                List.of(),
                Map.of("a", 1));
    }

    @ParameterizedTest
    @MethodSource("noValues")
    void aCallWithoutAValueThatCanBeCountedByIsDenied(Object value) {
        Decision decision = decide(engine(onceFor(by("args.customer"))), call(value));

        assertThat(decision.code()).isEqualTo(Code.PARTITION);
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.message())
                .startsWith("Rule 'once' counts separately for each args.customer, which must be");
    }

    @Test
    void aMissingOrNullValueIsDenied() {
        PolicyEngine engine = engine(onceFor(by("args.customer")));

        assertThat(decide(engine, call(null)).code()).isEqualTo(Code.PARTITION);
        assertThat(decide(engine, ToolCall.of("pay", Map.of())).code()).isEqualTo(Code.PARTITION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Customer", "CUSTOMER", "cust\u043emer", "customer\u200b", "customer "})
    void aNeighbourOfTheMemberIsDenied(String neighbour) {
        ToolCall call = ToolCall.of("pay", Map.of("customer", "acme", neighbour, "other"));

        assertThat(decide(engine(onceFor(by("args.customer"))), call).code()).isEqualTo(Code.PARTITION);
        assertThat(decide(engine(onceFor(by("args.customer"))), ToolCall.of("pay", Map.of(neighbour, "acme")))
                        .code())
                .isEqualTo(Code.PARTITION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", " a", "a ", "\u00e9", "\u65e5\u672c", "\ud83d\ude00", "a,b", "50%", "a@b/c:d"})
    void ordinaryTextsAreValues(String value) {
        assertThat(decide(engine(onceFor(by("args.customer"))), call(value)).allowed())
                .isTrue();
    }

    @Test
    void theLongestValueIsCounted() {
        assertThat(allowed(
                        onceFor(by("args.customer")),
                        List.of("x".repeat(256), "x".repeat(256), "\ud83d\ude00".repeat(256))))
                .containsExactly(true, false, true);
    }

    @Test
    void severalValuesAreNeverTakenForOthers() {
        Policy policy = onceFor(by("args.a"), by("args.b"));
        PolicyEngine engine = engine(policy);
        List<String> values = List.of("x", "y", ",", "%2c", "%", "x,", ",x", "x,y", "%25", "2c");
        for (String a : values) {
            for (String b : values) {
                ToolCall call = ToolCall.of("pay", Map.of("a", a, "b", b));
                assertThat(decide(engine, call).allowed()).as(a + " and " + b).isTrue();
                assertThat(decide(engine, call).allowed()).isFalse();
            }
        }
    }

    @Test
    void allArgumentsTogetherAreComparedAsJson() {
        PolicyEngine engine = engine(onceFor(PartitionKey.ALL_ARGUMENTS));

        assertThat(decide(engine, ToolCall.of("pay", Map.of("n", 1, "q", "x"))).allowed())
                .isTrue();
        assertThat(decide(engine, ToolCall.of("pay", Map.of("q", "x", "n", 1.0)))
                        .allowed())
                .isFalse();
        assertThat(decide(engine, ToolCall.of("pay", Map.of("n", "1", "q", "x")))
                        .allowed())
                .isTrue();
        assertThat(decide(engine, ToolCall.of("pay", Map.of("n", "\u200b", "N", List.of("x".repeat(1000)))))
                        .allowed())
                .isTrue();
        assertThat(decide(engine, ToolCall.of("pay", Map.of())).allowed()).isTrue();
    }

    @Test
    void theScopeCountsSeparatelyBesides() {
        PolicyEngine engine = engine(pay(rate("once", once(Scope.SESSION, by("args.customer")))));

        assertThat(decide(engine, call("a").in("s1")).allowed()).isTrue();
        assertThat(decide(engine, call("a").in("s2")).allowed()).isTrue();
        assertThat(decide(engine, call("b").in("s1")).allowed()).isTrue();
        assertThat(decide(engine, call("a").in("s1")).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void whatTheHostSaysOfACallIsAValueToo() {
        PolicyEngine engine = engine(onceFor(by("ctx.tenant"), by("call.identity"), by("call.server")));
        ToolCall call = call("x")
                .with((ObjectValue) Value.freeze(Map.of("tenant", "t1")))
                .by("ada")
                .on("files");

        assertThat(decide(engine, call).allowed()).isTrue();
        assertThat(decide(engine, call.by("bob")).allowed()).isTrue();
        assertThat(decide(engine, call.on("mail")).allowed()).isTrue();
        assertThat(decide(engine, call).code()).isEqualTo(Code.LIMIT);
        assertThat(decide(engine, call.by(null)).code()).isEqualTo(Code.PARTITION);
        assertThat(decide(engine, call.with(ObjectValue.EMPTY)).code()).isEqualTo(Code.PARTITION);
    }

    @Test
    void aMessageSaysWhatIsCountedSeparatelyButNotTheValue() {
        PolicyEngine engine = engine(onceFor(by("args.customer")));
        decide(engine, call("acme"));

        assertThat(decide(engine, call("acme")).message())
                .isEqualTo("Limit of 1 per 60 min for each args.customer reached (rule 'once'); try again in 60 min.");
        assertThat(engine.explain(call("acme")).steps())
                .extracting(Explanation.ExplainedStep::text)
                .anyMatch(text -> text.contains("args.customer = acme"))
                .anyMatch(text -> text.contains("used 1 of 1 per 60 min for each args.customer"));
    }

    @Test
    void aConditionOnACounterReadsTheCountForTheValuesOfThisCall() {
        Limit counter = new Limit(
                        Limit.Form.STATE,
                        "n",
                        null,
                        Window.Calendar.DAY,
                        Algorithm.FIXED_WINDOW,
                        Scope.TOOL,
                        Amount.ONE,
                        null,
                        ChargeMode.SENT,
                        null,
                        PLACE)
                .per(List.of(by("args.customer")));
        Rule counts = check("counts", new Rule.Demands(List.of(), List.of(counter), null));
        PolicyEngine engine = engine(pay(counts, check("twice", when("state.pay.n", Operator.LT, 2))));

        assertThat(decide(engine, call("a")).allowed()).isTrue();
        assertThat(decide(engine, call("a")).allowed()).isTrue();
        assertThat(decide(engine, call("a")).rule().name()).isEqualTo("twice");
        assertThat(decide(engine, call("b")).allowed()).isTrue();
    }

    @Test
    void aConditionOnACounterIsInvalidForACallThatLacksAValue() {
        Limit counter = new Limit(
                        Limit.Form.LIMITS,
                        "n",
                        Amount.of(5),
                        Window.Calendar.DAY,
                        Algorithm.FIXED_WINDOW,
                        Scope.TOOL,
                        Amount.ONE,
                        null,
                        ChargeMode.SENT,
                        null,
                        PLACE)
                .per(List.of(by("args.customer")));
        Policy policy = Policy.of(Policies.body(
                dev.interlock.policy.Posture.ALLOW,
                Map.of(
                        "pay",
                        Policies.entry(List.of(), List.of(counter), List.of()),
                        "refund",
                        Policies.entry(
                                List.of(ask("ask", when("state.pay.n", Operator.GTE, 1))), List.of(), List.of()))));
        PolicyEngine engine = engine(policy);

        assertThat(engine.decide(ToolCall.of("refund", Map.of("customer", "a"))).allowed())
                .isTrue();
        assertThat(engine.decide(ToolCall.of("refund", Map.of())).asks()).isTrue();
        decide(engine, call("a"));
        assertThat(engine.decide(ToolCall.of("refund", Map.of("customer", "a"))).asks())
                .isTrue();
        assertThat(engine.decide(ToolCall.of("refund", Map.of("customer", "b"))).asks())
                .isFalse();
    }

    @Test
    void aReloadedPolicyKeepsItsCountsUnlessItCountsByOtherValues() {
        PolicyEngine engine = engine(onceFor(by("args.customer")));
        decide(engine, call("a"));

        engine.update(onceFor(by("args.customer")));
        assertThat(decide(engine, call("a")).allowed()).isFalse();
        engine.update(onceFor(new PartitionKey(Path.parse("args.customer"), true)));
        assertThat(decide(engine, call("a")).allowed()).isTrue();
        engine.update(onceFor(by("args.customer")));
        assertThat(decide(engine, call("a")).allowed()).isFalse();
    }

    @Test
    void aFloodOfValuesShutsOnlyWhatItsSenderMayUse() {
        InMemoryRateLimiter limiter =
                InMemoryRateLimiter.builder().maxKeys(2_000).build();
        PolicyEngine engine = PolicyEngine.builder(onceFor(by("args.customer")))
                .rateLimiter(limiter)
                .build();
        Decision denied = Decision.ALLOWED;
        for (int i = 0; denied.allowed(); i++) {
            denied = decide(engine, call("c" + i).by("mallory").in("s" + i));
        }

        assertThat(denied.code()).isEqualTo(Code.LIMITER_UNAVAILABLE);
        assertThat(limiter.keyCount()).isLessThan(200);
        assertThat(decide(engine, call("c-new").by("ada")).allowed()).isTrue();
        assertThat(decide(engine, call("c-new").by("mallory")).code())
                .as("known value")
                .isEqualTo(Code.LIMIT);
    }

    @Test
    void aPathThatLeadsToNoOneValueIsRefused() {
        for (String path : List.of("args.items[*].id", "state.pay.n", "tool.risk")) {
            assertThatThrownBy(() -> by(path))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("counts separately by one value of the call");
        }
    }
}
