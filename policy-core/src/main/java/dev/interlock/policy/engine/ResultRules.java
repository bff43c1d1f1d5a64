package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ToolCall;
import java.util.List;

/** The rules on what comes back of a call, ready to judge it. */
final class ResultRules {

    private ResultRules() {}

    static ResultRules together(List<ResultRules> parts) {
        return new ResultRules();
    }

    ResultRules of(InnerCall call) {
        return this;
    }

    boolean isEmpty() {
        return true;
    }

    /** Judges an answer. Throws only if something is wrong here. */
    JudgedResult judge(ToolCall call, CounterSnapshot counters, CallResult came) {
        return JudgedResult.passed(came);
    }
}
