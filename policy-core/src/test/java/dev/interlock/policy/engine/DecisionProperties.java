package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.Answer;
import dev.interlock.policy.naive.TimedCall;
import dev.interlock.policy.naive.World;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of every decision, whatever the policy and the calls. */
class DecisionProperties {

    @Provide
    Arbitrary<Scenario> scenarios() {
        return Combinators.combine(PolicyArbitraries.policies(), CallArbitraries.sequences())
                .as(Scenario::new);
    }

    @Provide
    Arbitrary<Question> questions() {
        return Combinators.combine(PolicyArbitraries.policies(), CallArbitraries.calls())
                .as(Question::new);
    }

    @Provide
    Arbitrary<Question> usualQuestions() {
        return Combinators.combine(PolicyArbitraries.policies(), CallArbitraries.usualCalls())
                .as(Question::new);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void decidingAndExplainingTellWhatAdmittingDoesAndTakeNothing(@ForAll("scenarios") Scenario scenario) {
        Run run = new Run(scenario.policy());
        List<Decision> admitted = new ArrayList<>();
        for (TimedCall timed : scenario.calls()) {
            run.moveTo(timed.millis());
            Decision foreseen = run.engine.decide(timed.call());
            Explanation explained = run.engine.explain(timed.call());
            Decision again = run.engine.decide(timed.call());
            Decision decision = run.make(timed);
            assertThat(List.of(foreseen, explained.decision(), again)).containsOnly(decision);
            admitted.add(decision);
        }
        assertThat(admitted).isEqualTo(Run.of(scenario));
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whatIsDeniedLeavesNoTrace(@ForAll("scenarios") Scenario scenario) {
        List<Decision> decisions = Run.of(scenario);
        List<TimedCall> made = new ArrayList<>();
        List<Decision> ofThose = new ArrayList<>();
        for (int i = 0; i < decisions.size(); i++) {
            if (decisions.get(i).verdict() != Verdict.DENIED || decisions.get(i).audited()) {
                made.add(scenario.calls().get(i));
                ofThose.add(decisions.get(i));
            }
        }

        assertThat(Run.of(new Scenario(scenario.policy(), made))).isEqualTo(ofThose);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whoWaitsAsLongAsToldFindsRoom(@ForAll("scenarios") Scenario scenario) {
        Run run = new Run(scenario.policy());
        TimedCall last = scenario.calls().get(scenario.calls().size() - 1);
        scenario.calls().forEach(run::make);

        // Each of several limits may be full, and each is told of in its turn.
        for (int turn = 0; turn < 20; turn++) {
            Decision decision = run.engine.decide(last.call());
            if (decision.retryAfter() == null) {
                return;
            }
            assertThat(decision.retryAfter()).isPositive();
            run.clock.set(run.clock.wallMillis()
                    + decision.retryAfter().plusNanos(999_999).toMillis());
        }
        throw new AssertionError("there is still no room");
    }

    /** A recorded denial counts, so the enforced policy is asked where the audited one has counted. */
    @Property(edgeCases = EdgeCasesMode.NONE)
    void anAuditedPolicyLetsEveryCallPassAndRecordsWhatAnEnforcedOneWouldSayThen(
            @ForAll("scenarios") Scenario scenario) {
        Run audited = new Run(PolicyEdits.in(Mode.AUDIT, scenario.policy()));
        PolicyEngine enforced = audited.beside(PolicyEdits.in(Mode.ENFORCE, scenario.policy()));

        for (TimedCall timed : scenario.calls()) {
            audited.moveTo(timed.millis());
            Decision said = enforced.decide(timed.call());
            Decision recorded = audited.make(timed);

            assertThat(recorded.allowed()).isTrue();
            assertThat(recorded).isEqualTo(said.verdict() == Verdict.ALLOWED ? said : said.auditedOnly());
        }
    }

    /** Nothing else would have been counted if no call had been denied. */
    @Property(edgeCases = EdgeCasesMode.NONE)
    void anAuditedPolicyCountsAsOneDoesThatChecksNothingElse(@ForAll("scenarios") Scenario scenario) {
        Policy audit = PolicyEdits.in(Mode.AUDIT, scenario.policy());
        Run checking = new Run(audit);
        Run counting = new Run(PolicyEdits.onlyCounting(audit));
        PolicyEngine beside = counting.beside(audit);

        for (TimedCall timed : scenario.calls()) {
            checking.moveTo(timed.millis());
            counting.moveTo(timed.millis());
            assertThat(beside.decide(timed.call())).isEqualTo(checking.make(timed));
            counting.make(timed);
        }
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aHiddenToolIsDeniedAndInvisible(@ForAll("usualQuestions") Question question) {
        Policy policy =
                PolicyEdits.in(Mode.ENFORCE, PolicyEdits.hiding(question.call().tool(), question.policy()));
        PolicyEngine engine = new Run(policy).engine;

        assertThat(Answer.of(engine.decide(question.call())).toString())
                .isIn("DENIED by '(hidden)'", "DENIED by '(grant not in force)'", "DENIED by '(no grant)'");
        assertThat(engine.visible(question.call())).isFalse();
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whatIsInvisibleIsNeverAllowed(@ForAll("questions") Question question) {
        PolicyEngine engine = new Run(question.policy()).engine;

        if (!engine.visible(question.call())) {
            assertThat(engine.decide(question.call()).allowed()).isFalse();
        }
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aToolThatNoEntryNamesBehavesAsTheDefaultSays(@ForAll("questions") Question question) {
        Policy policy = PolicyEdits.onlyTools(question.policy());
        Decision decision = new Run(policy).engine.decide(ToolCall.of("zzz", Map.of()));

        assertThat(decision.code())
                .isEqualTo(policy.body().posture() == Posture.ALLOW ? Code.ALLOWED : Code.DEFAULT_DENY);
        assertThat(decision.audited()).isEqualTo(policy.mode() == Mode.AUDIT && decision.code() != Code.ALLOWED);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void anotherNameForAToolChangesNothing(@ForAll("usualQuestions") Question question) {
        Policy renamed = PolicyEdits.renamed("pay", "puy", question.policy());
        ToolCall call = question.call();
        ToolCall other = ToolCall.of(call.tool().equals("pay") ? "puy" : call.tool(), call.arguments())
                .by(call.identity())
                .in(call.session())
                .on(call.server())
                .with(call.context());

        Answer before = Answer.of(new Run(question.policy()).engine.decide(call));
        Answer after = Answer.of(new Run(renamed, worldWithPuy()).engine.decide(other));

        assertThat(after).isEqualTo(before);
    }

    /** The usual world, in which the tool {@code pay} is called {@code puy}. */
    private static World worldWithPuy() {
        World world = UsualWorld.WORLD;
        Map<String, ToolRating> ratings = new HashMap<>(world.ratings());
        ratings.put("puy", ratings.remove("pay"));
        Map<String, ToolDefinition> definitions = new HashMap<>(world.definitions());
        ToolDefinition pay = definitions.remove("pay");
        definitions.put("puy", ToolDefinition.named("puy").withInputSchema(pay.inputSchema()));
        return new World(ratings, world.otherwise(), definitions, world.validator());
    }

    @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
    void theGlobsOfGeneratedPoliciesDoNotTellTheTwoNamesApart(@ForAll("questions") Question question) {
        assertThat(question.policy().body().tools().keySet())
                .filteredOn(pattern -> !pattern.isExact())
                .allMatch((NamePattern glob) -> glob.matches("pay") == glob.matches("puy"));
    }
}
