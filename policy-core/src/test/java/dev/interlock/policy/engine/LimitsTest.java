package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.count;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.rateOf;
import static dev.interlock.policy.engine.Policies.spend;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Rule.Demands;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.TimedCall;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a call is charged to, and what it costs. */
class LimitsTest {

    private static final Rule FIVE_AN_HOUR =
            count("five", null, ChargeMode.SUCCESS, when("state.pay.n", Operator.LTE, 5));

    @Test
    void lteFiveAdmitsFiveCallsAndLtFiveAdmitsFour() {
        assertThat(callsThatPass(pay(FIVE_AN_HOUR))).isEqualTo(5);
        assertThat(callsThatPass(pay(count("four", null, ChargeMode.SENT, when("state.pay.n", Operator.LT, 5)))))
                .isEqualTo(4);
        assertThat(callsThatPass(pay(count("none", null, ChargeMode.SENT, when("state.pay.n", Operator.LT, 1)))))
                .isZero();
        assertThat(callsThatPass(pay(count("none", null, ChargeMode.SENT, when("state.pay.n", Operator.LTE, -1)))))
                .isZero();
    }

    @Test
    void aConditionOnAnotherCounterReadsTheValueBeforeTheCall() {
        Policy policy =
                pay(count("count", null, ChargeMode.SENT), check("first two", when("state.pay.n", Operator.LT, 2)));

        assertThat(callsThatPass(policy)).isEqualTo(2);
    }

    @Test
    void aDeniedCallTakesNothing() {
        Desk desk = new Desk(pay(check("small", when("args.amount", Operator.LTE, 5)), FIVE_AN_HOUR));
        for (int i = 0; i < 20; i++) {
            assertThat(desk.admit(Map.of("amount", 6)).code()).isEqualTo(Code.CONDITION);
        }

        assertThat(callsThatPass(desk, Map.of("amount", 5))).isEqualTo(5);
    }

    @Test
    void aCallTakesFromAllItsLimitsOrFromNone() {
        Desk desk = new Desk(pay(
                rate("plenty", rateOf(5, Window.Calendar.DAY, Algorithm.FIXED_WINDOW, Scope.TOOL, ChargeMode.SENT)),
                rate("few", hourly(2))));

        assertThat(callsThatPass(desk, Map.of())).isEqualTo(2);
        assertThat(desk.admit(Map.of()).rule().name()).isEqualTo("few");
        desk.pass(Duration.ofMinutes(40));
        assertThat(callsThatPass(desk, Map.of())).as("a new hour of a new day").isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void whatIsChargedForSuccessComesBackFromAFailure(CallOutcome outcome) {
        assertThat(roomAfter(outcome, ChargeMode.SUCCESS))
                .isEqualTo(outcome == CallOutcome.FAILED || outcome == CallOutcome.UNSENT);
    }

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void whatIsChargedForSendingComesBackOnlyIfNothingWasSent(CallOutcome outcome) {
        assertThat(roomAfter(outcome, ChargeMode.SENT)).isEqualTo(outcome == CallOutcome.UNSENT);
    }

    @Test
    void settlingTwiceGivesBackOnce() {
        Desk desk = new Desk(pay(rate("two", hourly(2))));
        Admission first = desk.engine.admit(Desk.pay(Map.of()));
        desk.admit(Map.of());
        first.failed();
        first.failed();
        first.unsent();

        assertThat(callsThatPass(desk, Map.of())).isEqualTo(1);
    }

    @Test
    void closingAnUnsettledAdmissionKeepsWhatItTook() {
        Desk desk = new Desk(pay(rate("one", hourly(1))));
        desk.engine.admit(Desk.pay(Map.of())).close();

        assertThat(callsThatPass(desk, Map.of())).isZero();
    }

    static Stream<Object> noAmounts() {
        return Stream.of(
                "5",
                "",
                true,
                -1,
                -0.000001,
                Long.MIN_VALUE,
                new BigDecimal("-1e400"),
                new BigDecimal("0.0000001"),
                new BigDecimal("1e-400"),
                0.1 + 0.2,
                List.of(5),
                Map.of("value", 5));
    }

    @ParameterizedTest
    @MethodSource("noAmounts")
    void whatIsNoAmountIsDeniedAndCountsNothing(Object amount) {
        for (Policy policy : countingAmounts()) {
            Desk desk = new Desk(policy);
            assertThat(desk.admit(Map.of("amount", amount)).code()).isEqualTo(Code.AMOUNT);
            assertThat(desk.admit(Collections.singletonMap("amount", null)).code())
                    .isEqualTo(Code.AMOUNT);
            assertThat(desk.admit(Map.of()).code()).isEqualTo(Code.AMOUNT);
            assertThat(desk.admit(Map.of("amount", 10))).isEqualTo(Decision.ALLOWED);
        }
    }

    @Test
    void anAmountPastCountingIsDenied() {
        for (Policy policy : countingAmounts()) {
            for (String amount : List.of(
                    "1e12", "1000000000000.000001", "9223372036854.775808", "9223372036854775808", "1e400", "9e9999")) {
                Desk desk = new Desk(policy);
                assertThat(desk.admit(Map.of("amount", new BigDecimal(amount))).allowed())
                        .as(amount)
                        .isFalse();
                assertThat(desk.admit(Map.of("amount", 10))).isEqualTo(Decision.ALLOWED);
            }
        }
    }

    @Test
    void amountsAddUpExactly() {
        Desk desk = new Desk(countingAmounts().get(0));
        for (int i = 0; i < 100; i++) {
            assertThat(desk.admit(Map.of("amount", 0.1))).isEqualTo(Decision.ALLOWED);
        }

        assertThat(desk.admit(Map.of("amount", 0.000001)).code()).isEqualTo(Code.LIMIT);
        assertThat(desk.admit(Map.of("amount", 0))).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void aNegativeAmountGivesNothingBack() {
        Desk desk = new Desk(countingAmounts().get(0));
        desk.admit(Map.of("amount", 10));
        desk.admit(Map.of("amount", -10));

        assertThat(desk.admit(Map.of("amount", 1)).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void anUnnamedRuleAndOneThatIsCalledLikeItsPositionCountApart() {
        Limit two = rateOf(2, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.TOOL, ChargeMode.SENT);
        Rule unnamed = new Rule.Check(
                null, new Demands(List.of(), List.of(two), null), null, Mode.ENFORCE, Place.of("tools.pay.rules[0]"));

        assertThat(callsThatPass(pay(unnamed, rate("0", two)))).isEqualTo(2);
    }

    @Test
    void noChoiceOfNamesMakesTheLimitsOfTwoGrantsOne() {
        Limit one = rateOf(1, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.ENTRY, ChargeMode.SENT);
        PolicyBody ofA = Policies.body(Posture.DENY, Map.of("b.tools.c", limited(one)));
        PolicyBody ofB = Policies.body(Posture.DENY, Map.of("c", limited(one)));
        Desk desk = new Desk(Policies.granting(PolicyBody.of(Posture.ALLOW), Map.of("a", ofA, "a.tools.b", ofB)));

        assertThat(desk.admit(ToolCall.of("b.tools.c", Map.of()).by("a"))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(ToolCall.of("c", Map.of()).by("a.tools.b"))).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void aCounterOfTheEntryForAllToolsCountsThemTogether() {
        Rule two = count("two", null, ChargeMode.SENT, Scope.GLOBAL, when("state._global.n", Operator.LTE, 2));
        Desk desk = new Desk(Policy.of(Policies.star(Policies.entry(List.of(two), List.of(), List.of()))));

        assertThat(desk.admit(ToolCall.of("pay", Map.of()))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(ToolCall.of("send", Map.of()))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(ToolCall.of("read", Map.of())).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void aCounterOfAGlobCountsEveryToolApart() {
        Rule one = count("one", null, ChargeMode.SENT, when("state.tool.n", Operator.LTE, 1));
        Desk desk = new Desk(Policies.of("p*", Policies.entry(List.of(one), List.of(), List.of())));

        assertThat(desk.admit(ToolCall.of("pay", Map.of()))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(ToolCall.of("post", Map.of()))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(ToolCall.of("pay", Map.of())).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void aSessionsLimitIsItsOwnAndCallersWithoutASessionShareOne() {
        Desk desk = new Desk(pay(
                rate("one", rateOf(1, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.SESSION, ChargeMode.SENT))));

        for (String session : Arrays.asList("a", "b", null)) {
            assertThat(desk.admit(Desk.pay(Map.of()).in(session))).isEqualTo(Decision.ALLOWED);
            assertThat(desk.admit(Desk.pay(Map.of()).in(session)).code()).isEqualTo(Code.LIMIT);
        }
    }

    @Test
    void anotherIdentityIsNoWayAroundALimitOfTheTool() {
        Desk desk = new Desk(pay(rate("one", hourly(1))));

        assertThat(desk.admit(Desk.pay(Map.of()).by("alice").in("1").on("a"))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.admit(Desk.pay(Map.of()).by("bob").in("2").on("b")).code())
                .isEqualTo(Code.LIMIT);
    }

    /** Ten an hour, said in two ways. */
    private static List<Policy> countingAmounts() {
        Map<Window.Calendar, Amount> tenAnHour = Map.of(Window.Calendar.HOUR, Amount.of(10));
        return List.of(
                pay(count("ten", "args.amount", ChargeMode.SUCCESS, when("state.pay.n", Operator.LTE, 10))),
                pay(spend("ten", null, tenAnHour, "args.amount", ChargeMode.SUCCESS)));
    }

    private static Entry limited(Limit limit) {
        return Policies.entry(List.of(rate("once", limit)), List.of(), List.of());
    }

    private static boolean roomAfter(CallOutcome outcome, ChargeMode charge) {
        Desk desk =
                new Desk(pay(rate("one", rateOf(1, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.TOOL, charge))));
        desk.engine.admit(Desk.pay(Map.of())).settle(outcome);
        return desk.admit(Map.of()).allowed();
    }

    private static int callsThatPass(Policy policy) {
        return callsThatPass(new Desk(policy), Map.of());
    }

    private static int callsThatPass(Desk desk, Map<String, ?> arguments) {
        int passed = 0;
        while (passed < 100 && desk.admit(arguments).allowed()) {
            passed++;
        }
        return passed;
    }

    @Test
    void aRuleThatOnlyRecordsItsDenialCountsAsIfItHadAllowedTheCallAlsoIfAPersonIsAsked() {
        Condition counted = Policies.when("state.pay.n", Operator.NEQ, 0);
        Run run = new Run(Policies.pay(
                Policies.ask("a person", Policies.when("args.large", Operator.EQ, true)),
                Policies.recorded(Policies.count("counted", null, ChargeMode.SUCCESS, counted))));

        Decision asked = run.make(new TimedCall(Desk.pay(Map.of("large", true)), 0, CallOutcome.SUCCEEDED));
        Decision next = run.make(new TimedCall(Desk.pay(Map.of("large", false)), 0, CallOutcome.SUCCEEDED));

        assertThat(asked.verdict()).isEqualTo(Decision.Verdict.NEEDS_APPROVAL);
        assertThat(next).isEqualTo(Decision.ALLOWED);
    }
}
