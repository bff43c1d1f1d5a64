package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.PolicyText;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** More rules never allow more, in whatever order they stand. */
class MonotonyProperties {

    /** A policy before and after a change, and a call. */
    record Change(Policy before, Policy after, ToolCall call) {
        @Override
        public String toString() {
            return "\nbefore:\n" + PolicyText.of(before) + "after:\n" + PolicyText.of(after) + "  "
                    + Scenario.print(call) + "\n";
        }
    }

    @Provide
    Arbitrary<Change> additions() {
        return Combinators.combine(
                        PolicyArbitraries.policies()
                                .filter(policy -> !PolicyEdits.entries(policy).isEmpty()),
                        PolicyArbitraries.rules(),
                        Arbitraries.integers().between(0, 11),
                        CallArbitraries.usualCalls())
                .as((policy, rule, where, call) -> addition(policy, rule, where, call));
    }

    /** Adds the rule to the called tool's own entry, if there is one, so that it is looked at. */
    private static Change addition(Policy policy, Rule rule, int where, ToolCall call) {
        List<String> entries = PolicyEdits.entries(policy);
        int own = entries.indexOf("tools." + call.tool());
        int index = own >= 0 ? own : where % entries.size();
        return new Change(policy, PolicyEdits.withRule(policy, index, rule), call);
    }

    @Provide
    Arbitrary<Scenario> scenarios() {
        return Combinators.combine(PolicyArbitraries.policies(), CallArbitraries.sequences())
                .as(Scenario::new);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void addingARuleNeverAllowsMore(@ForAll("additions") Change change) {
        int before = leave(change.before, change.call);
        int after = leave(change.after, change.call);

        assertThat(after).isLessThanOrEqualTo(before);
        Statistics.label("effect").collect(after < before ? "takes away" : "leaves");
        Statistics.label("effect")
                .coverage(coverage -> coverage.check("takes away").percentage(share -> share > 2));
    }

    @Property(edgeCases = EdgeCasesMode.NONE, maxDiscardRatio = 20)
    void aDenialCanNotBeUndoneByAddingARule(@ForAll("additions") Change change) {
        Assume.that(leave(change.before, change.call) == 0);

        assertThat(new Run(change.after).engine.admit(change.call).decision().allowed())
                .isFalse();
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void theOrderOfRulesChangesOnlyWhichOfThemIsReported(@ForAll("scenarios") Scenario scenario, @ForAll long seed) {
        Scenario shuffled = new Scenario(PolicyEdits.shuffled(scenario.policy(), seed), scenario.calls());

        assertThat(verdicts(Run.of(shuffled))).isEqualTo(verdicts(Run.of(scenario)));
    }

    private static List<String> verdicts(List<Decision> decisions) {
        return decisions.stream()
                .map(decision -> decision.verdict() + (decision.audited() ? ", audited" : ""))
                .toList();
    }

    /** 0 if the call may not be made, 1 if it may be asked for, 2 if it may be made. */
    private static int leave(Policy policy, ToolCall call) {
        Decision decision = new Run(policy).engine.decide(call);
        if (decision.allowed()) {
            return 2;
        }
        return decision.verdict() == Decision.Verdict.NEEDS_APPROVAL ? 1 : 0;
    }
}
