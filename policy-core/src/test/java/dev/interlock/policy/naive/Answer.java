package dev.interlock.policy.naive;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import org.jspecify.annotations.Nullable;

/**
 * What is compared of a decision.
 *
 * @param verdict what is said of the call
 * @param rule the name of the rule that is reported; null if none is
 * @param audited whether the call passes all the same
 */
public record Answer(Decision.Verdict verdict, @Nullable String rule, boolean audited) {

    static final Answer ALLOWED = new Answer(Decision.Verdict.ALLOWED, null, false);

    /** The same of an engine's decision. */
    public static Answer of(Decision decision) {
        RuleRef rule = decision.rule();
        return new Answer(decision.verdict(), rule == null ? null : rule.name(), decision.audited());
    }

    /** Whether the call may be made now. */
    public boolean passes() {
        return verdict == Decision.Verdict.ALLOWED || audited;
    }

    @Override
    public String toString() {
        return verdict + (rule == null ? "" : " by '" + rule + "'") + (audited ? ", audited" : "");
    }
}
