package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.validate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.Validation;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalText;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tools that run other tools. */
class UnwrapTest {

    private static final Place HERE = Place.of("tools.run.unwrap");

    private static final Unwrap ONE = new Unwrap(null, path("name"), path("arguments"), false, false, null, null, HERE);
    private static final Unwrap JSON = new Unwrap(null, path("name"), path("arguments"), false, true, null, null, HERE);
    private static final Unwrap UNKNOWN = new Unwrap(null, path("name"), null, false, false, null, null, HERE);
    private static final Unwrap NONE = new Unwrap(null, path("name"), null, true, false, null, null, HERE);
    private static final Unwrap MANY =
            new Unwrap(path("calls"), path("name"), path("input"), false, false, null, null, HERE);

    private static Path path(String name) {
        return Path.parse("args." + name);
    }

    private static Entry entry(Rule... rules) {
        return new Entry(false, List.of(), List.of(), List.of(rules), List.of(), Place.of("tools.pay"));
    }

    private static Entry running(Unwrap unwrap, Rule... rules) {
        return new Entry(
                false, List.of(), List.of(), List.of(), List.of(rules), List.of(), null, unwrap, Place.of("tools.run"));
    }

    private static Policy policy(Unwrap unwrap, Rule... ofPay) {
        Map<String, Entry> tools = new LinkedHashMap<>();
        tools.put("run", running(unwrap));
        tools.put("pay", entry(ofPay));
        return Policy.of(Policies.body(Posture.ALLOW, tools));
    }

    private static ToolCall run(@Nullable Object name, @Nullable Object arguments) {
        Map<String, Object> all = new HashMap<>();
        all.put("name", name);
        all.put("arguments", arguments);
        return ToolCall.of("run", all);
    }

    private static Decision decide(Policy policy, ToolCall call) {
        return new Desk(policy).decide(call);
    }

    private static void assertUnwrapDenied(Decision decision) {
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.UNWRAP);
        assertThat(decision.rule().name()).isEqualTo("tools.run.unwrap");
    }

    private static final Rule CAP = check("cap", when("args.amount", Operator.LTE, 100));

    @Test
    void theInnerCallIsDecidedAsIfTheAgentHadMadeIt() {
        Policy policy = policy(ONE, CAP);

        assertThat(decide(policy, run("pay", Map.of("amount", 100))).allowed()).isTrue();
        Decision denied = decide(policy, run("pay", Map.of("amount", 101)));
        assertThat(denied.rule().name()).isEqualTo("cap");
        assertThat(denied.message()).doesNotContain("101");
        assertThat(decide(policy, run("other", Map.of())).allowed()).isTrue();
    }

    @Test
    void theOuterCallMustPassItsOwnRulesFirst() {
        Map<String, Entry> tools = new LinkedHashMap<>();
        tools.put("run", running(ONE, deny("outer")));
        tools.put("pay", entry(deny("inner")));
        Policy policy = Policy.of(Policies.body(Posture.ALLOW, tools));

        assertThat(decide(policy, run("pay", Map.of())).rule().name()).isEqualTo("outer");
    }

    @Test
    void aToolThatCantBeToldDenies() {
        Policy policy = policy(ONE);

        for (Object name : Arrays.asList(null, 5, true, List.of("pay"), Map.of("pay", 1))) {
            assertUnwrapDenied(decide(policy, run(name, Map.of())));
        }
        assertUnwrapDenied(decide(policy, ToolCall.of("run", Map.of("arguments", Map.of()))));
        assertThat(decide(policy, run("", Map.of())).rule().name()).isEqualTo("(name)");
        assertThat(decide(policy, run("Pay", Map.of())).rule().name()).isEqualTo("(name)");
        assertThat(decide(policy, run("pay\u200b", Map.of())).rule().name()).isEqualTo("(name)");
    }

    @Test
    void argumentsThatCantBeReadDenyAndNullIsNone() {
        Policy policy = policy(ONE, check("none", when("args.amount", Operator.EXISTS, false)));

        assertThat(decide(policy, run("pay", null)).allowed()).isTrue();
        assertThat(decide(policy, run("pay", Map.of())).allowed()).isTrue();
        for (Object arguments : List.of("{}", 5, List.of(), true)) {
            assertUnwrapDenied(decide(policy, run("pay", arguments)));
        }
        assertUnwrapDenied(decide(policy, ToolCall.of("run", Map.of("name", "pay"))));
    }

    @Test
    void membersThatLookAlikeDeny() {
        Policy policy = policy(ONE);
        for (String other : List.of("Name", "NAME", "n\u0430me", "Arguments", "argum\u0435nts")) {
            Map<String, Object> all = new HashMap<>(Map.of("name", "pay", "arguments", Map.of()));
            all.put(other, "x");
            assertUnwrapDenied(decide(policy, ToolCall.of("run", all)));
        }
        Policy capped = policy(ONE, CAP);
        Decision inner = decide(capped, run("pay", Map.of("amount", 1, "Amount", 1_000)));
        assertThat(inner.rule().name()).isEqualTo("cap");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"amount\": 1}",
                " {\"amount\":1.0e0}\n",
                "{\"amount\": 100, \"note\": \"\\u00e9\\ud83d\\ude00\\\\\"}",
                "{\"amount\":-0, \"a\":[], \"b\":{}, \"c\":[null,true,false]}"
            })
    void jsonIsRead(String json) {
        assertThat(decide(policy(JSON, CAP), run("pay", json)).allowed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "[]",
                "5",
                "\"x\"",
                "{",
                "{\"amount\": 1",
                "{\"amount\": 1} x",
                "{\"amount\": 1}{}",
                "{\"amount\": 1,}",
                "{\"amount\": 1, \"amount\": 1}",
                "{\"amount\": 1, \"\\u0061mount\": 1}",
                "{\"amount\": 01}",
                "{\"amount\": +1}",
                "{\"amount\": .5}",
                "{\"amount\": 1.}",
                "{\"amount\": 0x1}",
                "{\"amount\": NaN}",
                "{\"amount\": 1e999999999}",
                "{\"amount\": 1} // ok",
                "{/**/\"amount\": 1}",
                "{'amount': 1}",
                "{amount: 1}",
                "{\"amount\" 1}",
                "{\"amount\": tru}",
                "{\"amount\": \"\\x\"}",
                "{\"amount\": \"\\ud800\"}",
                "{\"amount\": \"\\u12\"}",
                "{\"amount\": \"a\nb\"}",
                "\ufeff{\"amount\": 1}",
                "{\u00a0\"amount\": 1}",
                "{\"amount\": 1]"
            })
    void whatIsNoSingleJsonObjectDenies(String json) {
        assertUnwrapDenied(decide(policy(JSON), run("pay", json)));
    }

    @Test
    void jsonIsBounded() {
        String deep = "{\"a\":".repeat(65) + "1" + "}".repeat(65);
        assertUnwrapDenied(decide(policy(JSON), run("pay", deep)));
        assertUnwrapDenied(decide(policy(JSON), run("pay", "[".repeat(100_000))));
        assertUnwrapDenied(decide(policy(JSON), run("pay", Map.of("amount", 1))));
        assertThat(decide(policy(JSON), run("pay", null)).allowed()).isTrue();
    }

    @Test
    void whatReadsArgumentsThatAreNotKnownDenies() {
        Validation size = new Validation(false, List.of(), false, false, OptionalInt.of(10_000), OptionalInt.empty());
        List<Rule> reading = List.of(
                check("a", when("args.amount", Operator.LTE, 100)),
                check("a", when("args.amount", Operator.EXISTS, false)),
                check("a", when("args.list[*].x", Operator.EQ, 1)),
                check("a", when("args.0", Operator.NEQ, 1)),
                validate("a", size),
                Policies.spend(
                        "a",
                        null,
                        Map.of(dev.interlock.policy.Window.Calendar.DAY, dev.interlock.policy.Amount.of(5)),
                        "args.amount",
                        dev.interlock.policy.ChargeMode.SUCCESS));
        for (Rule rule : reading) {
            Decision decision = decide(policy(UNKNOWN, rule), run("pay", Map.of("amount", 1)));
            assertThat(decision.allowed()).as(rule.toString()).isFalse();
            assertThat(decision.rule().name()).isEqualTo("a");
        }
        assertThat(decide(policy(UNKNOWN, rate("b", hourly(5))), run("pay", Map.of()))
                        .allowed())
                .isTrue();
        assertThat(decide(policy(NONE, check("a", when("args.amount", Operator.EXISTS, false))), run("pay", Map.of()))
                        .allowed())
                .isTrue();
    }

    private static ToolCall batch(Object... calls) {
        return ToolCall.of("run", Map.of("calls", List.of(calls)));
    }

    private static Map<String, Object> payment(int amount) {
        return Map.of("name", "pay", "input", Map.of("amount", amount));
    }

    @Test
    void limitsOfAllAreReservedTogetherOrNone() {
        Desk desk = new Desk(policy(MANY, rate("pace", hourly(3))));

        assertThat(desk.decide(batch(payment(1), payment(1), payment(1), payment(1)))
                        .rule()
                        .name())
                .isEqualTo("pace");
        assertThat(desk.admit(batch(payment(1), payment(1), payment(1), payment(1)))
                        .code())
                .isEqualTo(Code.LIMIT);
        assertThat(desk.admit(batch(payment(1), payment(1))).allowed()).isTrue();
        assertThat(desk.decide(batch(payment(1), payment(1))).code()).isEqualTo(Code.LIMIT);
        assertThat(desk.admit(ToolCall.of("pay", Map.of())).allowed()).isTrue();
        assertThat(desk.admit(ToolCall.of("pay", Map.of())).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void aListThatIsNoneOrEmptyDenies() {
        Policy policy = policy(MANY);
        assertUnwrapDenied(decide(policy, batch()));
        assertUnwrapDenied(decide(policy, ToolCall.of("run", Map.of())));
        assertUnwrapDenied(decide(policy, ToolCall.of("run", Map.of("calls", payment(1)))));
        assertUnwrapDenied(decide(policy, batch(payment(1), "pay")));
        assertUnwrapDenied(decide(
                policy, ToolCall.of("run", Map.of("calls", List.of(payment(1)), "Calls", List.of()))));
    }

    @Test
    void aHundredCallsAreFollowedAndNoMore() {
        Policy policy = policy(MANY, CAP);
        assertThat(decide(policy, batch(Collections.nCopies(100, payment(1)).toArray()))
                        .allowed())
                .isTrue();
        assertUnwrapDenied(
                decide(policy, batch(Collections.nCopies(101, payment(1)).toArray())));

        Map<String, Object> nested =
                Map.of("name", "run", "input", Map.of("calls", Collections.nCopies(49, payment(1))));
        assertThat(decide(policy, batch(nested, nested)).allowed()).isTrue();
        assertUnwrapDenied(decide(policy, batch(nested, nested, payment(1))));
    }

    @Test
    void fourLevelsAreFollowedAndNoMore() {
        Policy policy = policy(ONE);
        ToolCall call = run("pay", Map.of());
        for (int level = 1; level <= 5; level++) {
            Decision decision = decide(policy, call);
            assertThat(decision.allowed()).as("level " + level).isEqualTo(level <= 4);
            call = run("run", call.arguments().root().toJava());
        }
    }

    @Test
    void anInnerToolsServerIsThatOfThePathOrTheNameOrTheOuterOne() {
        PolicyBody github = Policies.body(Posture.ALLOW, Map.of("pay", entry(deny("there"))));
        Unwrap byPath = new Unwrap(null, path("name"), null, true, false, path("server"), null, HERE);
        Unwrap byName = new Unwrap(null, path("name"), null, true, false, null, "github", HERE);
        Map<NamePattern, PolicyBody> servers = new LinkedHashMap<>(Map.of(new NamePattern("github"), github));
        for (Unwrap unwrap : List.of(byPath, byName, NONE)) {
            PolicyBody plain = Policies.body(Posture.ALLOW, Map.of("run", running(unwrap)));
            Desk desk = new Desk(Policy.of(new PolicyBody(
                    Posture.ALLOW,
                    List.of(),
                    plain.tools(),
                    Map.of(),
                    Map.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(servers))));
            ToolCall call = ToolCall.of("run", Map.of("name", "pay", "server", "github"))
                    .on("hub");
            assertThat(desk.decide(call).allowed()).isEqualTo(unwrap.equals(NONE));
            assertThat(desk.decide(call.on("github")).rule().name()).isEqualTo("there");
            if (unwrap.equals(byPath)) {
                for (String server : List.of("GitHub", "g\u0456thub", " github", "")) {
                    Decision decision = desk.decide(ToolCall.of("run", Map.of("name", "pay", "server", server))
                            .on("hub"));
                    assertThat(decision.rule().name()).as(server).isEqualTo("(server unknown)");
                }
                assertUnwrapDenied(
                        desk.decide(ToolCall.of("run", Map.of("name", "pay")).on("hub")));
            }
        }
    }

    @Test
    void anInnerToolThatNoServerHasDefinedMustPassEveryCategoryAndRisk() {
        Map<ToolCategory, Entry> categories = Map.of(ToolCategory.FINANCIAL, entry(deny("financial")));
        Map<RiskSelector, Entry> risks =
                Map.of(new RiskSelector(RiskLevel.LOW, false), entry(check("low", when("args.n", Operator.EQ, 1))));
        PolicyBody body = new PolicyBody(
                Posture.ALLOW,
                List.of(),
                Map.of(new NamePattern("run"), running(ONE)),
                categories,
                risks,
                Optional.empty(),
                Optional.empty());
        Desk desk = new Desk(Policy.of(body));
        desk.engine.tools().learn(null, List.of(ToolDefinition.named("get_time")));

        assertThat(desk.decide(run("get_weather", Map.of("n", 1))).rule().name())
                .isEqualTo("financial");
        assertThat(desk.decide(run("get_time", Map.of("n", 1))).allowed()).isTrue();
        assertThat(desk.decide(run("get_time", Map.of("n", 2))).allowed())
                .isEqualTo(desk.decide(ToolCall.of("get_time", Map.of("n", 2))).allowed());
    }

    @Test
    void anUnknownInnerToolIsNotListedByACategoryAndItsRatingIsUnclear() {
        PolicyBody denying = new PolicyBody(
                Posture.DENY,
                List.of(),
                Map.of(new NamePattern("run"), running(ONE)),
                Map.of(ToolCategory.READ, entry()),
                Map.of(),
                Optional.empty(),
                Optional.empty());
        assertThat(decide(Policy.of(denying), run("get_time", Map.of())).rule().name())
                .isEqualTo("(default deny)");

        Map<String, Entry> tools = new LinkedHashMap<>();
        tools.put("run", running(ONE));
        tools.put(
                "get_*",
                Policies.entry(
                        List.of(),
                        List.of(),
                        List.of(new dev.interlock.policy.Block(
                                List.of(when("tool.category", Operator.EQ, "financial")), null, Place.of("deny")))));
        Policy policy = Policy.of(Policies.body(Posture.ALLOW, tools));
        assertThat(decide(policy, run("get_time", Map.of())).code()).isEqualTo(Code.DENY_IF);
    }

    @Test
    void aPersonSeesTheInnerCallsAndTheRecordNamesThem() {
        List<ApprovalRequest> asked = new ArrayList<>();
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(policy(MANY, ask("person")))
                .approvals(request -> {
                    asked.add(request);
                    return CompletableFuture.completedFuture(ApprovalAnswer.approved("Ada"));
                })
                .audit(events::add)
                .build();

        Admission admission = engine.admit(batch(payment(1), payment(2)));

        assertThat(admission.decision().allowed()).isTrue();
        assertThat(asked).hasSize(1);
        assertThat(asked.get(0).rules())
                .as("the two calls have the rule in common")
                .hasSize(1);
        assertThat(asked.get(0).runs()).extracting(ToolCall::tool).containsExactly("pay", "pay");
        assertThat(ApprovalText.of(asked.get(0))).contains("it runs:\n  | pay\n", "\"amount\": 2");
        assertThat(events)
                .filteredOn(AuditEvent.Decided.class::isInstance)
                .allSatisfy(
                        event -> assertThat(((AuditEvent.Decided) event).runs()).hasSize(2));
    }

    @Test
    void anExplanationHasTheStepsOfTheInnerCalls() {
        Explanation explanation = new Desk(policy(ONE, CAP)).engine.explain(run("pay", Map.of("amount", 500)));

        assertThat(explanation.decision().rule().name()).isEqualTo("cap");
        assertThat(explanation.steps())
                .anySatisfy(step -> assertThat(step.text()).startsWith("runs 'pay': cap: "));
    }

    @Test
    void anInnerToolOfAnotherLevelIsHiddenOrAudited() {
        Map<String, Entry> tools = new LinkedHashMap<>();
        tools.put("run", running(ONE));
        tools.put("wipe", new Entry(true, List.of(), List.of(), List.of(), List.of(), Place.of("tools.wipe")));
        Policy policy = Policy.of(Policies.body(Posture.ALLOW, tools));

        assertThat(decide(policy, run("wipe", Map.of())).rule().name()).isEqualTo("(hidden)");
        Decision audited = decide(Policies.audited(policy), run("wipe", Map.of()));
        assertThat(audited.audited()).isTrue();
    }

    @Test
    void whatContradictsItselfIsRefused() {
        assertThatThrownBy(() -> new Unwrap(null, path("a"), path("b"), true, false, null, null, HERE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Unwrap(null, path("a"), null, false, true, null, null, HERE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Unwrap(null, path("a"), null, false, false, path("s"), "s", HERE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Unwrap(null, Path.parse("ctx.a"), null, false, false, null, null, HERE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Unwrap(path("a[*]"), path("b"), null, false, false, null, null, HERE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
