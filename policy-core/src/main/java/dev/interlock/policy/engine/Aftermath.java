package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a policy says about the end of one call that it has let through. The end comes once: with an answer, which is
 * judged, or without one. Thread-safe.
 */
final class Aftermath {

    private final CallEnds ends;
    private final ToolPlan plan;
    private final PlannedEnd end;
    private final ToolCall call;
    private final CounterSnapshot counters;
    private final AtomicBoolean over = new AtomicBoolean();

    /** The room that is kept for the call in its session; null if it needs none, or gave it back. */
    private final AtomicReference<MarkRoom.@Nullable Kept> room;

    /**
     * @param plan the plan of the call
     * @param end what it says about the end
     * @param call the call as it is sent
     * @param counters what conditions read when the call was decided
     * @param room the room that is kept for the call in its session; null if it needs none
     */
    Aftermath(
            CallEnds ends,
            ToolPlan plan,
            PlannedEnd end,
            ToolCall call,
            CounterSnapshot counters,
            MarkRoom.@Nullable Kept room) {
        this.ends = ends;
        this.plan = plan;
        this.end = end;
        this.call = call;
        this.counters = counters;
        this.room = new AtomicReference<>(room);
    }

    /** Claims the end of the call. False if it has come before. */
    boolean claim() {
        return over.compareAndSet(false, true);
    }

    /** The room that the call needs in its session; null if it needs none. */
    @Nullable
    MarkClaim wanted() {
        return end.marks().claim(call);
    }

    /** Takes the room that was kept for it. */
    void keep(MarkRoom.Kept kept) {
        room.set(kept);
    }

    /** Takes over the room of an earlier decision on the call. That decision's end comes to nothing from now on. */
    void takeOver(Aftermath earlier) {
        earlier.claim();
        room.set(earlier.room.getAndSet(null));
    }

    /** Another decision on the call has taken the place of this one. Never throws. */
    void replaced() {
        MarkRoom.Kept kept = claim() ? room.getAndSet(null) : null;
        if (kept != null) {
            ends.giveBack(call, kept);
        }
    }

    /** Whether rules on results judge the answer. */
    boolean judgesResult() {
        return !end.results().isEmpty();
    }

    /** Judges an answer. The stage never fails: what can't be judged is withheld. */
    CompletionStage<JudgedResult> judge(CallResult came) {
        return ends.judge(end, call, counters, came);
    }

    /**
     * The call has ended without an answer that could be judged. Never throws.
     *
     * @param record where that is recorded; null if it is not
     */
    void ended(CallOutcome outcome, @Nullable CallRecord record) {
        if (claim()) {
            ends.note(call, room.getAndSet(null), change(outcome, null, true, true), record);
        }
    }

    /** The denial of an answer that comes after the end. */
    JudgedResult late(CallResult came) {
        return JudgedResult.withheld(plan.told(ends.late(end)), came);
    }

    /**
     * Does what follows from the end of the call with an answer, before its caller sees the answer. Never fails.
     *
     * @param record where that is recorded; null if it is not
     */
    CompletionStage<JudgedResult> finish(
            CallOutcome outcome, CallResult came, JudgedResult judged, @Nullable CallRecord record) {
        SessionChange change = change(outcome, came, judged.decision().allowed(), true);
        return ends.noted(call, room.getAndSet(null), change, record)
                .thenApply(noted -> noted ? judged : ends.unnoted(plan, came));
    }

    /** Does what follows from an answer after which the call may go on. Never fails. */
    CompletionStage<JudgedResult> goOn(CallResult came, JudgedResult judged, @Nullable CallRecord record) {
        SessionChange change =
                change(CallOutcome.UNKNOWN, came, judged.decision().allowed(), false);
        return ends.noted(call, room.get(), change, record)
                .thenApply(noted -> noted ? judged : ends.unnoted(plan, came));
    }

    private SessionChange change(CallOutcome outcome, @Nullable CallResult came, boolean passes, boolean last) {
        return end.marks().change(call, counters.marks(), outcome, came, passes, last);
    }
}
