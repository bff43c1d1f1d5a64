package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMemory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What an engine does when calls end. Thread-safe. */
final class CallEnds {

    private static final RuleRef RULE = CompiledPolicy.ref("(result)", "");

    private static final Decision UNNOTED =
            Decision.denied(Code.MARK, CompiledPolicy.ref("(marks)", ""), Messages.MARK_LOST);

    private final PolicyEngine engine;
    private final HostPredicates predicates;
    private final SessionMemory memory;

    CallEnds(PolicyEngine engine, HostPredicates predicates, SessionMemory memory) {
        this.engine = engine;
        this.predicates = predicates;
        this.memory = memory;
    }

    /**
     * What a plan says about the end of a call; null if it says nothing.
     *
     * @param room the room that is kept for the call in its session; null if it needs none
     */
    @Nullable
    Aftermath of(ToolPlan plan, ToolCall call, CounterSnapshot counters, MarkRoom.@Nullable Kept room) {
        PlannedEnd end = plan.end();
        return end == null ? null : new Aftermath(this, plan, end, call, counters, room);
    }

    /** Gives back the room of a call that leaves nothing behind. Never throws. */
    void giveBack(ToolCall call, MarkRoom.Kept room) {
        note(call, room, SessionChange.NONE, null);
    }

    /**
     * Changes a call's session, and doesn't wait for it if that could take long. Never throws.
     *
     * @param room the call's room; null if it has none
     * @param record where that is recorded; null if it is not
     */
    void note(ToolCall call, MarkRoom.@Nullable Kept room, SessionChange change, @Nullable CallRecord record) {
        noted(call, room, change, record);
    }

    /** Does the same. The stage tells whether the session was changed; it never fails. */
    CompletionStage<Boolean> noted(
            ToolCall call, MarkRoom.@Nullable Kept room, SessionChange change, @Nullable CallRecord record) {
        String session = call.markSession();
        if (session == null
                || (room == null && change.clears().isEmpty() && change.marks().isEmpty())) {
            return CompletableFuture.completedFuture(true);
        }
        CompletionStage<@Nullable Void> made;
        try {
            made = room == null && !change.marks().isEmpty()
                    ? CompletableFuture.failedFuture(new UnavailableException("room for marks"))
                    : memory.changeAsync(session, room, change);
        } catch (Throwable e) {
            made = CompletableFuture.failedFuture(e);
        }
        return made.handle((done, failure) -> {
            if (failure != null) {
                engine.failure(call, failure);
                return false;
            }
            if (record != null) {
                record.marked(change);
            }
            return true;
        });
    }

    /** What becomes of an answer if the session could not be changed. */
    JudgedResult unnoted(ToolPlan plan, CallResult came) {
        return JudgedResult.withheld(plan.told(UNNOTED), came);
    }

    /** Judges an answer. The stage never fails: what can't be judged is withheld. */
    CompletionStage<JudgedResult> judge(PlannedEnd plan, ToolCall call, CounterSnapshot counters, CallResult came) {
        ResultRules rules = plan.results();
        if (rules.isEmpty()) {
            return CompletableFuture.completedFuture(JudgedResult.passed(came));
        }
        try {
            if (ResultView.isUnclear(came)) {
                return CompletableFuture.completedFuture(
                        JudgedResult.withheld(withheld(rules, Messages.RESULT_UNCLEAR), came));
            }
            if (!rules.hasConditions()) {
                return CompletableFuture.completedFuture(rules.apply(Decision.ALLOWED, call, came));
            }
            CounterSnapshot all = counters.with(new ResultView(came));
            if (!rules.asksHost()) {
                return CompletableFuture.completedFuture(rules.apply(rules.decide(call, all), call, came));
            }
            return predicates
                    .check(call, all, answered -> rules.decide(call, answered))
                    .thenApply(decided -> rules.apply(decided, call, came))
                    .exceptionally(failure -> unreadable(rules, call, came, failure));
        } catch (Throwable e) {
            return CompletableFuture.completedFuture(unreadable(rules, call, came, e));
        }
    }

    private JudgedResult unreadable(ResultRules rules, ToolCall call, CallResult came, Throwable failure) {
        engine.failure(call, failure);
        return JudgedResult.withheld(withheld(rules, Messages.RESULT_UNREADABLE), came);
    }

    private static Decision withheld(ResultRules rules, String message) {
        Decision denial = Decision.denied(Code.RESULT, RULE, message);
        return rules.isEmpty() || rules.enforced() ? denial : denial.auditedOnly();
    }

    /** The denial of an answer that comes after the end of the call. */
    Decision late(PlannedEnd plan) {
        return withheld(plan.results(), Messages.RESULT_LATE);
    }
}
