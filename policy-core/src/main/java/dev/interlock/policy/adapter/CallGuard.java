package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Has the engine decide calls, and tells a new call from another round of one that its server has answered with {@code
 * input_required}. Thread-safe.
 */
public final class CallGuard {

    private final PolicyEngine engine;
    private final @Nullable Continuations continuations;

    /**
     * Creates a guard.
     *
     * @param continuations keeps the calls that may go on; null if each call has one round only, or clients bring back
     *     what is known of calls that go on: {@link SealedStates#admit}
     */
    public CallGuard(PolicyEngine engine, @Nullable Continuations continuations) {
        this.engine = engine;
        this.continuations = continuations;
    }

    /**
     * Decides a call. A caller that stops waiting cancels the future: then nothing stays reserved for a new call, and a
     * call that was going on ends as unknown.
     *
     * @param call the call as it came, with all its parameters and what is known of its caller
     * @return never completes exceptionally unless it is cancelled
     */
    public CompletableFuture<GuardedCall> admit(ToolCall call, AdmitOptions options) {
        return admit(call, kept(call), options);
    }

    private @Nullable GuardedCall kept(ToolCall call) {
        return continuations == null ? null : continuations.take(call);
    }

    /** What the state says of the call before; if it says nothing, what is known here. */
    private @Nullable GuardedCall before(OpenedCall opened, @Nullable GuardedCall sealed) {
        return sealed == null ? kept(opened.call()) : sealed;
    }

    /** Does the same for a call whose state was opened. Completes exceptionally, too, if the host's clock throws. */
    CompletableFuture<GuardedCall> admit(OpenedCall opened, AdmitOptions options) {
        CompletableFuture<@Nullable GuardedCall> before = opened.before().toCompletableFuture();
        if (before.isDone()) {
            return admit(opened.call(), before(opened, before.join()), options);
        }
        CompletableFuture<GuardedCall> result = new CompletableFuture<>();
        CompletionStage<@Nullable GuardedCall> known = before;
        known.whenComplete((found, failure) -> {
            try {
                if (failure != null) {
                    result.completeExceptionally(failure);
                } else if (!result.isDone()) {
                    complete(result, admit(opened.call(), before(opened, found), options), guarded -> guarded);
                }
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private CompletableFuture<GuardedCall> admit(ToolCall call, @Nullable GuardedCall before, AdmitOptions options) {
        CompletableFuture<Admission> deciding = (before == null
                        ? engine.admitAsync(call, options)
                        : engine.continueAsync(call, before.admission(), before.round() + 1, options))
                .toCompletableFuture();
        if (deciding.isDone()) {
            return CompletableFuture.completedFuture(guarded(call, before, deciding.join()));
        }
        CompletableFuture<GuardedCall> result = new CompletableFuture<>();
        complete(result, deciding, admission -> guarded(call, before, admission));
        return result;
    }

    /** Completes the result with the decision. If no one waits for it any more, the decision has no effect. */
    private static <T> void complete(
            CompletableFuture<GuardedCall> result, CompletableFuture<T> deciding, Function<T, GuardedCall> guarded) {
        CompletionStage<T> decided = deciding;
        decided.whenComplete((decision, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            GuardedCall call = guarded.apply(decision);
            if (!result.complete(call)) {
                // Counts as unknown for a call that was going on.
                call.unsent();
            }
        });
        CompletionStage<GuardedCall> end = result;
        end.whenComplete((call, failure) -> deciding.cancel(false));
    }

    @SuppressWarnings("ReferenceEquality") // the engine returns the same admission exactly if the call goes on
    private GuardedCall guarded(ToolCall call, @Nullable GuardedCall before, Admission admission) {
        return before != null && before.admission() == admission
                ? before.again(call)
                : new GuardedCall(engine, continuations, call, admission, 0, 0);
    }
}
