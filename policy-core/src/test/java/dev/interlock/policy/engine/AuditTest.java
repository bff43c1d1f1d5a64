package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.audited;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.recorded;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.Answer;
import dev.interlock.policy.text.NamePattern;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Rules and policies that only record. */
class AuditTest {

    @Test
    void aLimitThatIsOnlyRecordedNeverAnswersAQuestionThatIsEnforced() {
        Desk desk = new Desk(pay(ask("a person"), recorded(rate("slowly", hourly(1)))));
        desk.admit(Map.of());

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("NEEDS_APPROVAL by 'a person'");
        assertThat(Answer.of(desk.admit(Map.of()))).as("with no one to ask").hasToString("DENIED by 'a person'");
    }

    @Test
    void aDenialThatIsOnlyRecordedNeverAnswersAQuestionThatIsEnforced() {
        Desk desk = new Desk(pay(recorded(deny("not yet")), ask("a person")));

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("NEEDS_APPROVAL by 'a person'");
    }

    @Test
    void aRecordedDenialIsReportedBeforeARecordedQuestion() {
        Desk desk = new Desk(pay(recorded(ask("a person")), recorded(deny("not yet"))));

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("DENIED by 'not yet', audited");
    }

    @Test
    void anEnforcedLimitCountsCallsThatARecordedRuleWouldHaveDenied() {
        Desk desk = new Desk(pay(recorded(deny("not yet")), rate("slowly", hourly(1))));

        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'not yet', audited");
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'slowly'");
    }

    @Test
    void aFullRecordedLimitLetsTheCallPassAndEnforcedLimitsCountIt() {
        Desk desk = new Desk(pay(
                recorded(rate("first", hourly(1))),
                rate(
                        "second",
                        Policies.rateOf(2, Window.Calendar.DAY, Algorithm.FIXED_WINDOW, Scope.TOOL, ChargeMode.SENT))));

        assertThat(List.of(
                        Answer.of(desk.admit(Map.of())).toString(),
                        Answer.of(desk.admit(Map.of())).toString(),
                        Answer.of(desk.admit(Map.of())).toString()))
                .containsExactly("ALLOWED", "DENIED by 'first', audited", "DENIED by 'second'");
    }

    @Test
    void anAuditedPolicyReportsTheRuleThatWouldHaveDeniedNotAQuestionBeforeIt() {
        Desk desk = new Desk(audited(pay(ask("a person"), deny("never"))));

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("DENIED by 'never', audited");
    }

    @Test
    void anAuditedPolicyReportsTheEnforcedRuleNotARecordedOneBeforeIt() {
        Desk desk = new Desk(audited(pay(recorded(deny("not yet")), deny("never"))));

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("DENIED by 'never', audited");
    }

    @Test
    void anAuditedPolicyCountsCallsThatWouldHaveBeenAskedAbout() {
        Desk desk = new Desk(audited(pay(ask("a person"), rate("slowly", hourly(1)))));

        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("NEEDS_APPROVAL by 'a person', audited");
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'slowly', audited");
    }

    @Test
    void anAuditedPolicyCountsCallsThatWouldHaveBeenDeniedAsIfTheyHadBeenAllowed() {
        Desk desk =
                new Desk(audited(pay(check("small", when("args.amount", Operator.LTE, 5)), rate("slowly", hourly(1)))));

        assertThat(Answer.of(desk.admit(Map.of("amount", 6)))).hasToString("DENIED by 'small', audited");
        assertThat(Answer.of(desk.admit(Map.of("amount", 5)))).hasToString("DENIED by 'slowly', audited");
    }

    @Test
    void anAuditedPolicyCountsPastTheMaximum() {
        Desk desk = new Desk(audited(pay(rate("slowly", hourly(2)))));
        for (int i = 0; i < 5; i++) {
            assertThat(desk.admit(Map.of()).allowed()).isTrue();
        }

        assertThat(desk.engine.explain(Desk.pay(Map.of())).steps())
                .anyMatch(step -> step.text().contains("used 5 of"));
    }

    @Test
    void anAuditedPolicyCountsCallsThatItWouldHaveDeniedOutright() {
        PolicyBody body = pay(rate("slowly", hourly(2))).body();
        PolicyBody hidden = new PolicyBody(
                body.posture(),
                List.of(new NamePattern("pay")),
                body.tools(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty());
        Desk desk = new Desk(audited(Policy.of(hidden)));
        for (int i = 0; i < 3; i++) {
            assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by '(hidden)', audited");
        }

        assertThat(desk.engine.explain(Desk.pay(Map.of())).steps())
                .anyMatch(step -> step.text().contains("used 3 of"));
    }

    private static Limit each(long max) {
        return Policies.rateOf(max, Window.Calendar.HOUR, Algorithm.FIXED_WINDOW, Scope.TOOL, ChargeMode.SUCCESS);
    }

    @Test
    void aRuleThatOnlyRecordsCountsPastItsMaximumAndAnEnforcedOneBesideItDoesNot() {
        Desk desk = new Desk(pay(recorded(rate("one", each(1))), rate("three", each(3))));

        assertThat(desk.admit(Map.of())).isEqualTo(Decision.ALLOWED);
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'one', audited");
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'one', audited");
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'three'");
        assertThat(desk.engine.explain(Desk.pay(Map.of())).steps())
                .anyMatch(step -> step.text().contains("one: counts 1; used 3 of"));
    }

    @Test
    void anAuditedPolicyLetsNamesHiddenToolsAndUnlistedToolsPass() {
        Desk hiding = new Desk(audited(Policy.of(Policies.hiding("pay"))));
        Desk denying = new Desk(audited(Policy.of(PolicyBody.of(Posture.DENY))));

        assertThat(Answer.of(hiding.decide(Map.of()))).hasToString("DENIED by '(hidden)', audited");
        assertThat(hiding.decide(ToolCall.of("Pay", Map.of())).allowed()).isTrue();
        assertThat(Answer.of(denying.decide(Map.of()))).hasToString("DENIED by '(default deny)', audited");
    }

    @Test
    void aMalformedCallIsDeniedWhateverTheMode() {
        Desk desk = new Desk(audited(pay()));

        Decision decision = desk.decide(Collections.singletonMap("amount", Double.NaN));

        assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
        assertThat(decision.code()).isEqualTo(Code.MALFORMED);
        assertThat(decision.allowed()).isFalse();
    }

    @Test
    void theStepsOfAnAuditedPolicySayThatTheyAreOnlyRecorded() {
        Desk desk = new Desk(audited(pay(ask("a person"), deny("never"))));

        assertThat(desk.engine.explain(Desk.pay(Map.of())).steps())
                .extracting(Explanation.ExplainedStep::result)
                .containsOnly(Explanation.Result.AUDITED);
    }
}
