package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyText;
import dev.interlock.policy.call.ToolCall;

/** A policy and one call, printed for people. */
record Question(Policy policy, ToolCall call) {

    @Override
    public String toString() {
        return "\n" + PolicyText.of(policy) + "  " + Scenario.print(call) + "\n";
    }
}
