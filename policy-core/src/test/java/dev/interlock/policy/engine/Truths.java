package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.require;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;

/** What an engine makes of a condition, wherever a policy may have it. */
final class Truths {

    private Truths() {}

    /** The truth of a condition for a call to {@code pay}. */
    static Truth of(Condition condition, ToolCall call) {
        boolean required = verdict(require(condition), call) == Verdict.ALLOWED;
        boolean denied = verdict(denyIf(condition), call) == Verdict.DENIED;
        assertThat(verdict(pay(ask("rule", condition)), call))
                .isEqualTo(denied ? Verdict.NEEDS_APPROVAL : Verdict.ALLOWED);
        assertThat(!required || denied)
                .as("what holds for require holds for deny_if")
                .isTrue();
        return required ? Truth.TRUE : denied ? Truth.INVALID : Truth.FALSE;
    }

    private static Verdict verdict(Policy policy, ToolCall call) {
        return PolicyEngine.builder(policy).build().decide(call).verdict();
    }
}
