package dev.interlock.policy.adapter;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.EmbeddedRequests;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One round of a call that was decided, from the decision to the server's answer. Its admission is that of the whole
 * call. The adapter that receives it ends it once: by {@link #answered}, or by {@link #settle}. Thread-safe.
 */
public final class GuardedCall {

    private final @Nullable PolicyEngine engine;
    private final @Nullable Continuations continuations;
    private final ToolCall call;
    private final Admission admission;
    private final long sinceNanos;
    private final int round;

    /** Whether the answer has come that settles the call. It may still be judged. */
    private volatile boolean ending;

    /**
     * @param engine decides whether the call may go on; null if it can't
     * @param continuations keeps the call if it goes on; null if its answers end it
     * @param call the call as it came, with its original arguments
     * @param sinceNanos when the first round was answered, by the monotonic clock; any number in the first round
     * @param round how often the call had been made again
     */
    GuardedCall(
            @Nullable PolicyEngine engine,
            @Nullable Continuations continuations,
            ToolCall call,
            Admission admission,
            long sinceNanos,
            int round) {
        this.engine = engine;
        this.continuations = continuations;
        this.call = call;
        this.admission = admission;
        this.sinceNanos = sinceNanos;
        this.round = round;
    }

    /** A decision on a call that goes on in no other round: a denial, for example. */
    public static GuardedCall of(ToolCall call, Admission admission) {
        return new GuardedCall(null, null, call, admission, 0, 0);
    }

    /** The same call, made again. */
    GuardedCall again(ToolCall made) {
        return new GuardedCall(engine, continuations, made, admission, sinceNanos, round + 1);
    }

    /** The same round of the call, answered at this moment for the first time. */
    GuardedCall since(long nanos) {
        return new GuardedCall(engine, continuations, call, admission.unshared(), nanos, round);
    }

    /** Returns the call as it came, with its original arguments. */
    public ToolCall call() {
        return call;
    }

    /** Returns the admission of the whole call. */
    public Admission admission() {
        return admission;
    }

    /** Returns the decision. */
    public Decision decision() {
        return admission.decision();
    }

    /** Returns roughly how many bytes the call takes up in memory. */
    public long size() {
        return size(call);
    }

    static long size(ToolCall call) {
        return call.arguments().bytes()
                + (call.parameters().size() == 0
                        ? 0L
                        : (long) Character.BYTES * call.parameters().json().length());
    }

    /** Returns how often the call had been made again: 0 for a new call. */
    public int round() {
        return round;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    /**
     * Returns whether the policy says something about the answer. If not, {@link #answered} needs to know no more of it
     * than {@link CallResult#isError} and whether the call goes on.
     */
    public boolean judgesAnswer() {
        return admission.judgesAnswer();
    }

    /**
     * Takes the server's answer to the call, before the client sees it. If the server asks for input and the call may
     * go on in another round, it stays open; otherwise it is settled. It is settled as unknown if the server asks for
     * input, if the call goes on as a task, and if the result is of a type that is not known here. Never throws.
     *
     * @param came the answer. Embedded requests in it must have been decided before
     * @return what the client may see. If the decision doesn't {@linkplain Decision#allowed allow} it, the policy lets
     *     the server ask for no input, a rule withholds the result, or the answer could not be handled; the client gets
     *     the denial. The stage never completes exceptionally
     */
    public CompletionStage<JudgedResult> answered(CallResult came) {
        return answered(came, true);
    }

    /** Does the same for an answer that comes after the call was settled, so that the call can't go on. */
    public CompletionStage<JudgedResult> answeredLate(CallResult came) {
        return answered(came, false);
    }

    private CompletionStage<JudgedResult> answered(CallResult came, boolean mayGoOn) {
        try {
            if (came.error() != null) {
                return ended(came, CallOutcome.FAILED);
            }
            AnswerKind kind = AnswerKind.of(came.result());
            Decision input = goesOn(kind, came.result());
            if (!input.allowed()) {
                settle(CallOutcome.UNKNOWN);
                return CompletableFuture.completedFuture(new JudgedResult(input, came));
            }
            boolean complete = kind == AnswerKind.COMPLETE && call.parameters().get("task") == null;
            CallOutcome end = complete ? came.outcome() : CallOutcome.UNKNOWN;
            CompletionStage<JudgedResult> judged =
                    mayGoOn && isKept(kind, came.result()) ? admission.answered(came, null) : ended(came, end);
            return input.audited() ? judged.thenApply(seen -> seen.recording(input)) : judged;
        } catch (Throwable e) {
            admission.settle(CallOutcome.UNKNOWN);
            Decision denial = engine == null ? DenialText.failed() : engine.withhold(call, e);
            return CompletableFuture.completedFuture(new JudgedResult(denial, came));
        }
    }

    private CompletionStage<JudgedResult> ended(CallResult came, CallOutcome end) {
        ending = true;
        return admission.answered(came, end);
    }

    /** Whether the call may go on as the server wants it to, if it does. */
    private Decision goesOn(AnswerKind kind, @Nullable Object result) {
        if (engine == null) {
            return Decision.ALLOWED;
        }
        if (EmbeddedRequests.asksForInput(result)) {
            return engine.admitInput(call, admission, round);
        }
        return kind == AnswerKind.TASK ? engine.admitTask(call, admission, round) : Decision.ALLOWED;
    }

    private boolean isKept(AnswerKind kind, @Nullable Object result) {
        return kind == AnswerKind.INPUT_REQUIRED
                && result instanceof Map<?, ?> members
                && continuations != null
                && continuations.keep(this, members);
    }

    /**
     * Settles the call, unless it was settled before, or its answer is being judged, which settles it. A call that a
     * server has begun is never unsent.
     */
    public void settle(CallOutcome outcome) {
        if (!ending) {
            admission.settle(outcome);
        }
    }

    /**
     * Reports that sending this round of the call has failed. Unless the transport says that nothing has left, the call
     * may have run: transports retry by themselves.
     *
     * @param saysUnsent which failures mean that nothing has left. What it throws is thrown again, once the call is
     *     settled as unknown
     */
    public void sendingFailed(Throwable failure, Predicate<? super Throwable> saysUnsent) {
        boolean surely = false;
        try {
            surely = saysUnsent.test(failure);
        } finally {
            settle(surely ? CallOutcome.UNSENT : CallOutcome.UNKNOWN);
        }
    }

    /** Reports that this round of the call was not sent. */
    public void unsent() {
        settle(CallOutcome.UNSENT);
    }

    /** Names the tool and the server; never an argument. */
    @Override
    public String toString() {
        return call.toString();
    }
}
