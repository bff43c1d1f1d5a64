package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What an engine does when calls end. Thread-safe. */
final class CallEnds {

    private static final RuleRef RULE = CompiledPolicy.ref("(result)", "");

    private final PolicyEngine engine;

    CallEnds(PolicyEngine engine) {
        this.engine = engine;
    }

    /** What a plan says about the end of a call; null if it says nothing. */
    @Nullable
    Aftermath of(ToolPlan plan, ToolCall call, CounterSnapshot counters) {
        PlannedEnd end = plan.end();
        return end == null ? null : new Aftermath(this, end, call, counters);
    }

    /** Judges an answer. The stage never fails: what can't be judged is withheld. */
    CompletionStage<JudgedResult> judge(PlannedEnd plan, ToolCall call, CounterSnapshot counters, CallResult came) {
        try {
            return CompletableFuture.completedFuture(plan.results().judge(call, counters, came));
        } catch (Throwable e) {
            engine.failure(call, e);
            return CompletableFuture.completedFuture(
                    JudgedResult.withheld(Decision.denied(Code.RESULT, RULE, Messages.RESULT_UNREADABLE), came));
        }
    }

    /** The denial of an answer that comes after the end of the call. */
    Decision late(ToolCall call) {
        return Decision.denied(Code.RESULT, RULE, Messages.RESULT_LATE);
    }
}
