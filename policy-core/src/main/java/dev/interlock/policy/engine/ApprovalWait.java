package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.ToolCall;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** What one caller waits for: one question, or several if several rules ask or something changes meanwhile. */
final class ApprovalWait {

    /** How often answers to one call may change its arguments in such a way that another question follows. */
    private static final int MOST_CHANGES = 16;

    private final Approvals approvals;
    /** What the caller asked about. The person may be asked about a call that replaces it. */
    final ToolCall original;

    final AdmitOptions options;
    final long callerDeadline;
    final CompletableFuture<Admission> result;
    private final AtomicBoolean ended = new AtomicBoolean();

    /** How often an answer changed the arguments. */
    private final AtomicInteger changes = new AtomicInteger();

    ApprovalWait(
            Approvals approvals,
            ToolCall original,
            AdmitOptions options,
            long callerDeadline,
            CompletableFuture<Admission> result) {
        this.approvals = approvals;
        this.original = original;
        this.options = options;
        this.callerDeadline = callerDeadline;
        this.result = result;
    }

    /** Claims the right to complete the result; true for the first caller only. */
    boolean claim() {
        return ended.compareAndSet(false, true);
    }

    void atEnd(BiConsumer<? super @Nullable Admission, ? super @Nullable Throwable> action) {
        CompletionStage<Admission> end = result;
        end.whenComplete(action);
    }

    /**
     * Counts an answer that changes the arguments, and tells whether there were too many. Without a bound, answers
     * that lead from one set of arguments to another and back would never end.
     */
    boolean changedTooOften() {
        return changes.incrementAndGet() > MOST_CHANGES;
    }

    /** Whether it is too late for an answer because something else has ended the wait. */
    boolean isOver() {
        return ended.get() || result.isDone();
    }

    /**
     * Asks for the rules that have no yes yet.
     *
     * @param yeses the answers so far, to exactly this call
     * @param before the call's record; null if it is not recorded yet
     * @param answer the answer that led to this question; null for the first question
     */
    void ask(
            PendingApproval asked,
            List<ApprovalQuestion.Yes> yeses,
            @Nullable CallRecord before,
            ApprovalAnswer.@Nullable Approved answer) {
        ApprovalQuestion question = new ApprovalQuestion(approvals, this, asked, yeses, before);
        question.guarded(() -> question.begin(answer));
    }
}
