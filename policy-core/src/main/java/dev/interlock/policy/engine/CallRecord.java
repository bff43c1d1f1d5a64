package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.tool.ToolRating;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The record of one call: each decision on it, under one id, and how it ended. Thread-safe. */
final class CallRecord {

    private final AuditRecorder recorder;
    private final String id;
    private final ToolCall call;
    private final CompiledPolicy policy;
    private final @Nullable ToolRating rating;
    /** When the call came, and later when it was last decided. */
    private volatile long sinceNanos;

    CallRecord(
            AuditRecorder recorder,
            String id,
            ToolCall call,
            CompiledPolicy policy,
            @Nullable ToolRating rating,
            long startNanos) {
        this.recorder = recorder;
        this.id = id;
        this.call = call;
        this.policy = policy;
        this.rating = rating;
        this.sinceNanos = startNanos;
    }

    String id() {
        return id;
    }

    /** The same record for a call that replaces the one that was asked about. */
    CallRecord goingOnWith(ToolCall other) {
        return new CallRecord(recorder, id, other, policy, rating, sinceNanos);
    }

    /** Records a decision. False if a sink refuses it or it can't be recorded. */
    boolean decided(Decision decision) {
        return decided(decision, Outcome.of(decision), null);
    }

    /**
     * Records a decision that an answer led to. False if a sink refuses it or it can't be recorded.
     *
     * @param outcome the outcome of the decision
     */
    boolean decided(Decision decision, Outcome outcome, @Nullable ApprovalAnswer answer) {
        AuditEvent.Answer part = answer == null ? null : AuditEvent.Answer.of(answer);
        MethodCall request = call.request();
        if (request != null) {
            return recorder.tell(
                    call,
                    () -> new AuditEvent.MethodDecided(
                            recorder.wall(), id, policy.ref(), request, decision, outcome, part));
        }
        return recorder.tell(
                call,
                () -> new AuditEvent.Decided(
                        recorder.wall(),
                        id,
                        policy.ref(),
                        call,
                        rating,
                        decision,
                        outcome,
                        part,
                        sinceLast(),
                        0,
                        Unwrapping.calls(policy, call)));
    }

    /**
     * Records a decision on a later round of the call. False if a sink refuses it or it can't be recorded.
     *
     * @param sent the call as it is sent in this round
     * @param by the policy that decided
     * @param startNanos when the round came
     * @param round how often the call has been made again
     */
    boolean decidedAgain(ToolCall sent, CompiledPolicy by, Decision decision, long startNanos, int round) {
        sinceNanos = startNanos;
        return recorder.tell(
                sent,
                () -> new AuditEvent.Decided(
                        recorder.wall(),
                        id,
                        by.ref(),
                        sent,
                        rating,
                        decision,
                        Outcome.of(decision),
                        null,
                        sinceLast(),
                        round,
                        Unwrapping.calls(by, sent)));
    }

    /**
     * Denies the call because a sink refused a decision on it, and reports the denial to the sinks that had accepted
     * it.
     */
    Decision unavailable() {
        Decision denied = AuditRecorder.unavailable();
        decided(denied);
        return denied;
    }

    /** Records what became of an answer to the call. */
    void judged(JudgedResult judged) {
        if (call.request() != null) {
            return;
        }
        recorder.tell(
                call, () -> new AuditEvent.ResultJudged(recorder.wall(), id, call, judged.decision(), judged.report()));
    }

    /** Records how the call ended. An admission calls this once. The end of what is no call is not recorded. */
    void settled(CallOutcome outcome) {
        if (call.request() != null) {
            return;
        }
        recorder.tell(call, () -> new AuditEvent.Settled(recorder.wall(), id, call, outcome, sinceLast()));
    }

    /** Records what has become of the marks of the call's session, if anything has. What is no call is not recorded. */
    void marked(SessionChange change) {
        if (call.request() != null
                || (change.clears().isEmpty() && change.marks().isEmpty())) {
            return;
        }
        recorder.tell(
                call,
                () -> new AuditEvent.Marked(
                        recorder.wall(),
                        id,
                        call,
                        change.marks().stream()
                                .map(mark -> new AuditEvent.SetMark(
                                        mark.name(),
                                        mark.values() == null
                                                ? 0
                                                : mark.values().size(),
                                        mark.known()))
                                .toList(),
                        change.clears().stream().sorted().toList()));
    }

    private Duration sinceLast() {
        long now = recorder.now();
        long nanos = now - sinceNanos;
        sinceNanos = now;
        return Duration.ofNanos(Math.max(0, nanos));
    }
}
