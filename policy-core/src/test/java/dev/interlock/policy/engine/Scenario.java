package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyText;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.TimedCall;
import java.util.List;

/** A policy and calls that are made under it, printed for people. */
record Scenario(Policy policy, List<TimedCall> calls) {

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("\n").append(PolicyText.of(policy));
        for (TimedCall timed : calls) {
            text.append("  at ").append(timed.millis() - calls.get(0).millis()).append(" ms: ");
            text.append(print(timed.call()))
                    .append(", ")
                    .append(timed.outcome())
                    .append('\n');
        }
        return text.toString();
    }

    static String print(ToolCall call) {
        return "'" + call.tool() + "' " + call.arguments().root().json() + " by " + call.identity() + " in "
                + call.session() + " on " + call.server() + " with "
                + call.context().json();
    }
}
