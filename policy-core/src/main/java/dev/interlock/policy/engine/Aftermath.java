package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ToolCall;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a policy says about the end of one call that it has let through. The end comes once: with an answer, which is
 * judged, or without one. Thread-safe.
 */
final class Aftermath {

    private final CallEnds ends;
    private final PlannedEnd plan;
    private final ToolCall call;
    private final CounterSnapshot counters;
    private final AtomicBoolean over = new AtomicBoolean();

    /**
     * @param plan what the policy says
     * @param call the call as it is sent
     * @param counters what conditions read when the call was decided
     */
    Aftermath(CallEnds ends, PlannedEnd plan, ToolCall call, CounterSnapshot counters) {
        this.ends = ends;
        this.plan = plan;
        this.call = call;
        this.counters = counters;
    }

    /** Claims the end of the call. False if it has come before. */
    boolean claim() {
        return over.compareAndSet(false, true);
    }

    /** Judges an answer. The stage never fails: what can't be judged is withheld. */
    CompletionStage<JudgedResult> judge(CallResult came) {
        return ends.judge(plan, call, counters, came);
    }

    /** The call has ended without an answer that could be judged. Never throws. */
    void ended(CallOutcome outcome) {
        claim();
    }

    /** The denial of an answer that comes after the end. */
    JudgedResult late(CallResult came) {
        return JudgedResult.withheld(ends.late(call), came);
    }

    /** Does what follows from the end of the call with an answer, before its caller sees the answer. Never fails. */
    CompletionStage<JudgedResult> finish(CallOutcome outcome, CallResult came, JudgedResult judged) {
        return CompletableFuture.completedFuture(judged);
    }

    /** Does what follows from an answer after which the call may go on. Never fails. */
    CompletionStage<JudgedResult> goOn(CallResult came, JudgedResult judged) {
        return CompletableFuture.completedFuture(judged);
    }
}
