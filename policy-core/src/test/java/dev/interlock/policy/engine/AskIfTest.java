package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.askIf;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.granting;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.star;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rule;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Conditions each of which asks a person. */
class AskIfTest {

    private static final Condition LARGE = when("args.amount", Operator.GT, 100);
    private static final Condition ABROAD = when("args.country", Operator.NEQ, "de");

    private static Block block(int index, @Nullable String message, Condition... conditions) {
        return new Block(List.of(conditions), message, Place.of("tools.pay.ask_if[" + index + "]"));
    }

    private static Decision decide(Policy policy, Map<String, ?> arguments) {
        return new Desk(policy).decide(arguments);
    }

    @ParameterizedTest
    @CsvSource({"101, de, true", "100, de, false", "100, fr, true", ", de, false", "100, , true", ", , true"})
    void anyItemThatHoldsOrIsInvalidAsks(@Nullable Integer amount, @Nullable String country, boolean asks) {
        Policy policy = askIf(List.of(block(0, null, LARGE), block(1, null, ABROAD)));
        Map<String, Object> arguments = new HashMap<>();
        if (amount != null) {
            arguments.put("amount", amount);
        }
        if (country != null) {
            arguments.put("country", country);
        }

        assertThat(decide(policy, arguments).verdict()).isEqualTo(asks ? Verdict.NEEDS_APPROVAL : Verdict.ALLOWED);
    }

    @Test
    void aTextInPlaceOfANumberAsks() {
        assertThat(decide(askIf(List.of(block(0, null, LARGE))), Map.of("amount", "1"))
                        .verdict())
                .isEqualTo(Verdict.NEEDS_APPROVAL);
    }

    @Test
    void aBlockAsksIfAllOfItHoldsAndOneWithoutConditionsAlways() {
        Policy both = askIf(List.of(block(0, "Two reasons.", LARGE, ABROAD)));

        assertThat(decide(both, Map.of("amount", 101, "country", "de")).allowed())
                .isTrue();
        assertThat(decide(both, Map.of("amount", 101, "country", "fr")).message())
                .isEqualTo("Two reasons.");
        assertThat(decide(both, Map.of("amount", "1", "country", "fr")).verdict())
                .isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(decide(both, Map.of("amount", "1", "country", "de")).allowed())
                .isTrue();
        assertThat(decide(askIf(List.of(block(0, null))), Map.of()).verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
    }

    @Test
    void theQuestionNamesTheItemAndItsMessage() {
        Condition own = new Condition(
                Path.parse("args.amount"), Operator.GT, Value.freeze(5), "Large ones need a yes.", Place.of("p"));
        List<AskingRule> asking = decide(
                        askIf(List.of(block(0, null, LARGE), block(1, null, own)), ask("rule")), Map.of("amount", 500))
                .asking();

        assertThat(asking)
                .extracting(AskingRule::name)
                .containsExactly("tools.pay.ask_if[0]", "tools.pay.ask_if[1]", "rule");
        assertThat(asking)
                .extracting(AskingRule::message)
                .containsExactly(
                        "A call to 'pay' needs a person's approval (rule 'tools.pay.ask_if[0]').",
                        "Large ones need a yes.",
                        "A call to 'pay' needs a person's approval (rule 'rule').");
        assertThat(asking).extracting(AskingRule::timeout).containsOnly(Rule.Approval.DEFAULT_TIMEOUT);
    }

    @Test
    void aDenialComesBeforeAnyQuestion() {
        Decision decision = decide(
                askIf(List.of(block(0, null)), check("later", when("args.amount", Operator.LT, 5))),
                Map.of("amount", 5));

        assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
        assertThat(decision.rule().name()).isEqualTo("later");
    }

    @Test
    void itIsCheckedAfterDenyIfAndBeforeTheRules() {
        Block denial = new Block(List.of(LARGE), null, Place.of("deny_if[0]"));
        Policy policy = Policies.of(
                "pay",
                new Entry(
                        false,
                        List.of(new Block(List.of(ABROAD), null, Place.of("require[0]"))),
                        List.of(denial),
                        List.of(block(0, null)),
                        List.of(ask("rule")),
                        List.of(hourly(1)),
                        null,
                        Place.of("tools.pay")));
        PolicyEngine engine = PolicyEngine.builder(policy).build();

        assertThat(engine.explain(Desk.pay(Map.of("amount", 1, "country", "fr")))
                        .steps())
                .extracting(step -> step.place().path())
                .startsWith("require[0]", "deny_if[0]", "tools.pay.ask_if[0]", "tools.pay.rules['rule']");
        assertThat(engine.explain(Desk.pay(Map.of("amount", 1, "country", "fr")))
                        .steps()
                        .get(2)
                        .text())
                .contains("asks a person if all of this holds");
    }

    @Test
    void thePersonIsAskedAndTheAnswerCounts() {
        List<ApprovalRequest> requests = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(askIf(List.of(block(0, null, LARGE))))
                .approvals(request -> {
                    requests.add(request);
                    return CompletableFuture.completedFuture(
                            requests.size() == 1
                                    ? ApprovalAnswer.approved("ana")
                                    : ApprovalAnswer.refused("ana", "no money"));
                })
                .build();

        assertThat(engine.admit(Desk.pay(Map.of("amount", 5))).decision().code())
                .isEqualTo(Code.ALLOWED);
        assertThat(engine.admit(Desk.pay(Map.of("amount", 500))).decision().code())
                .isEqualTo(Code.APPROVED);
        assertThat(engine.admit(Desk.pay(Map.of("amount", 500))).decision().message())
                .contains("no money");
        assertThat(requests).extracting(ApprovalRequest::rule).containsOnly("tools.pay.ask_if[0]");
    }

    static Stream<Policy> everywhere() {
        Entry asking = new Entry(
                false, List.of(), List.of(), List.of(block(0, null)), List.of(), List.of(), null, Place.of("entry"));
        PolicyBody nothing = PolicyBody.of(Posture.ALLOW);
        return Stream.of(
                Policies.of("pay", asking),
                Policies.of("p*", asking),
                Policy.of(star(asking)),
                Policy.of(new PolicyBody(
                        Posture.ALLOW,
                        List.of(),
                        Map.of(),
                        Map.of(ToolCategory.FINANCIAL, asking),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty())),
                Policy.of(new PolicyBody(
                        Posture.ALLOW,
                        List.of(),
                        Map.of(),
                        Map.of(),
                        Map.of(RiskSelector.of("high+").orElseThrow(), asking),
                        Optional.empty(),
                        Optional.empty())),
                Policy.of(new PolicyBody(
                        Posture.ALLOW, List.of(), Map.of(), Map.of(), Map.of(), Optional.empty(), Optional.of(asking))),
                granting(
                        nothing,
                        Map.of(
                                "alice",
                                new PolicyBody(
                                        Posture.DENY,
                                        List.of(),
                                        Map.of(new NamePattern("pay"), asking),
                                        Map.of(),
                                        Map.of(),
                                        Optional.empty(),
                                        Optional.empty()))));
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void everyKindOfEntryMayAsk(Policy policy) {
        PolicyEngine engine = PolicyEngine.builder(policy)
                .rating("pay", ToolRating.of(ToolCategory.FINANCIAL, RiskLevel.CRITICAL))
                .build();

        assertThat(engine.decide(Desk.pay(Map.of()).by("alice")).verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(engine.visible(Desk.pay(Map.of()).by("alice"))).isTrue();
    }

    @Test
    void underAnAuditedPolicyItIsOnlyRecorded() {
        Decision decision = decide(Policies.audited(askIf(List.of(block(0, null)))), Map.of());

        assertThat(decision.allowed()).isTrue();
        assertThat(decision.audited()).isTrue();
        assertThat(decision.verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
    }

    /** A condition in {@code deny_if} may have a message of its own, as one in {@code require} may. */
    @Test
    void theMessageOfTheOnlyConditionIsTold() {
        Condition own = new Condition(Path.parse("args.a"), Operator.EQ, Value.freeze(1), "Not one.", Place.of("p"));

        assertThat(decide(Policies.denyIf(own), Map.of("a", 1)).message()).isEqualTo("Not one.");
        assertThat(decide(Policies.denyIf(own, LARGE), Map.of("a", 1, "amount", 500))
                        .message())
                .isNotEqualTo("Not one.");
    }
}
