package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.call.Decision;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A person who says yes to everything at once. */
final class Assent implements ApprovalHandler {

    private @Nullable ApprovalRequest last;

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        last = request;
        return CompletableFuture.completedFuture(ApprovalAnswer.approved("who always agrees"));
    }

    @Override
    public boolean asksForAllRules() {
        return true;
    }

    /** What the policy said: the question, where the decision is an answer to it. */
    Decision question(Decision decision) {
        if (decision.code() != Decision.Code.APPROVED) {
            return decision;
        }
        return new Decision(
                Decision.Verdict.NEEDS_APPROVAL,
                Decision.Code.APPROVAL,
                decision.rule(),
                last == null ? "" : last.message(),
                null,
                false,
                last == null ? List.of() : last.rules());
    }
}
