package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Asks one handler and, if that handler can't ask a person, another. Used for one question only. */
final class FallbackApprovalHandler implements ApprovalHandler {

    private final ApprovalHandler first;
    private final ApprovalHandler second;

    /** The handler whose answer counts. */
    private volatile ApprovalHandler answering;

    FallbackApprovalHandler(ApprovalHandler first, ApprovalHandler second) {
        this.first = first;
        this.second = second;
        this.answering = first;
    }

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        CompletableFuture<ApprovalAnswer> result = new CompletableFuture<>();
        put(first, second, request, result);
        return result;
    }

    @Override
    public boolean asksForAllRules() {
        return first.asksForAllRules() && second.asksForAllRules();
    }

    private void put(
            ApprovalHandler handler,
            @Nullable ApprovalHandler otherwise,
            ApprovalRequest request,
            CompletableFuture<ApprovalAnswer> result) {
        answering = handler;
        CompletionStage<ApprovalAnswer> stage =
                Objects.requireNonNull(handler.ask(request), "the approval handler returned null");
        CompletionStage<ApprovalAnswer> end = result;
        end.whenComplete((answer, failure) -> {
            if (stage instanceof CompletableFuture<?> future) {
                future.cancel(true);
            }
        });
        stage.whenComplete((answer, failure) -> answered(handler, otherwise, request, answer, failure, result));
    }

    private void answered(
            ApprovalHandler handler,
            @Nullable ApprovalHandler otherwise,
            ApprovalRequest request,
            @Nullable ApprovalAnswer answer,
            @Nullable Throwable failure,
            CompletableFuture<ApprovalAnswer> result) {
        if (failure != null) {
            result.completeExceptionally(failure);
        } else if (otherwise != null && answer instanceof ApprovalAnswer.Unasked && !result.isDone()) {
            try {
                put(otherwise, null, request, result);
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        } else if (!result.complete(answer) && answer instanceof ApprovalAnswer.Approved yes) {
            // The caller no longer waits for this answer.
            handler.unsent(request, yes);
        }
    }

    @Override
    public void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
        answering.unsent(request, yes);
    }
}
