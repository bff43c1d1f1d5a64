package dev.interlock.policy.testing;

import dev.interlock.policy.Block;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.engine.Explanation.Result;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which rules of a policy have passed calls and denied calls. A rule that no test ever makes deny could be deleted, and
 * a rule that no test ever passes could deny everything, and no test would notice. Not thread-safe.
 */
public final class Coverage {

    private final Map<Place, Covered> rules = new LinkedHashMap<>();

    /** A coverage of this policy with no calls yet. */
    public Coverage(Policy policy) {
        addBody(policy.body());
        policy.grants().ifPresent(grants -> grants.values().forEach(this::addBody));
    }

    /**
     * A rule, and how calls were decided by it.
     *
     * @param name its name
     * @param place its position
     * @param passable whether any call can pass it at all
     * @param passed whether some call passed it, also with the yes of a person
     * @param denied whether it denied some call or sent it to a person for approval, or would have done so but for
     *     audit mode
     */
    public record RuleCoverage(String name, Place place, boolean passable, boolean passed, boolean denied) {

        /** Whether the rule is covered in every respect. */
        public boolean isComplete() {
            return denied && (passed || !passable);
        }
    }

    private static final class Covered {
        private final String name;
        private final Place place;
        private final boolean passable;
        private boolean passed;
        private boolean denied;

        Covered(String name, Place place, boolean passable) {
            this.name = name;
            this.place = place;
            this.passable = passable;
        }
    }

    private void addBody(PolicyBody body) {
        body.entries().forEach(this::addEntry);
    }

    private void addEntry(Entry entry) {
        for (Block block : entry.blocks()) {
            add(block.place().path(), block.place(), true);
        }
        for (Rule rule : entry.rules()) {
            boolean lists = rule instanceof Rule.Check check && check.demands().isEmpty();
            if (!lists) {
                add(rule.label(), rule.place(), !(rule instanceof Rule.Deny));
            }
        }
        for (Limit limit : entry.limits()) {
            add(limit.label(), limit.place(), true);
        }
        Rounds rounds = entry.rounds();
        if (rounds != null && rounds.most() == 0) {
            add(rounds.place().path(), rounds.place(), true);
        }
    }

    private void add(String name, Place place, boolean passable) {
        rules.put(place, new Covered(name, place, passable));
    }

    /** Adds what the rules decided about one call. */
    void add(Explanation explanation) {
        Set<Place> against = new HashSet<>();
        Set<Place> seen = new HashSet<>();
        for (ExplainedStep step : explanation.steps()) {
            Place place = step.place();
            if (place != null) {
                seen.add(place);
                if (step.result() != Result.PASSED && step.result() != Result.NOTED) {
                    against.add(place);
                }
            }
        }
        for (Place place : seen) {
            @Nullable Covered rule = rules.get(place);
            if (rule != null) {
                boolean denies = against.contains(place);
                rule.denied |= denies;
                rule.passed |= !denies;
            }
        }
    }

    /** Adds how a call ended whose server asked for input. No explanation foresees that. */
    void add(Decision decision) {
        RuleRef ref = decision.rule();
        @Nullable Covered rule = ref == null || decision.code() != Decision.Code.ROUNDS ? null : rules.get(ref.place());
        if (rule != null) {
            rule.denied = true;
        }
    }

    /** Adds that a person said yes to a call. */
    void addApproved(Decision question) {
        for (AskingRule asking : question.asking()) {
            @Nullable Covered rule = rules.get(asking.place());
            if (rule != null) {
                rule.passed = true;
            }
        }
    }

    /** The rules in the document's order. */
    public List<RuleCoverage> rules() {
        return rules.values().stream()
                .map(rule -> new RuleCoverage(rule.name, rule.place, rule.passable, rule.passed, rule.denied))
                .toList();
    }
}
