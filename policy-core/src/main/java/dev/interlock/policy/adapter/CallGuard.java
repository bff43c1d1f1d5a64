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
    /** Takes the call that another one continues. */
    private final Function<ToolCall, @Nullable GuardedCall> before;

    /**
     * Creates a guard.
     *
     * @param continuations keeps the calls that may go on; null if each call has one round only
     */
    public CallGuard(PolicyEngine engine, @Nullable Continuations continuations) {
        this(engine, continuations, continuations == null ? call -> null : continuations::take);
    }

    private CallGuard(
            PolicyEngine engine,
            @Nullable Continuations continuations,
            Function<ToolCall, @Nullable GuardedCall> before) {
        this.engine = engine;
        this.continuations = continuations;
        this.before = before;
    }

    /** Returns a guard on a server's side, whose clients bring back what is known of calls that go on. */
    public static CallGuard sealing(PolicyEngine engine, SealedStates states) {
        return new CallGuard(engine, null, states::take);
    }

    /**
     * Decides a call. A caller that stops waiting cancels the future: then nothing stays reserved for a new call, and a
     * call that was going on ends as unknown.
     *
     * @param call the call as it came, with all its parameters and what is known of its caller
     * @return never completes exceptionally unless it is cancelled
     */
    public CompletableFuture<GuardedCall> admit(ToolCall call, AdmitOptions options) {
        GuardedCall before = this.before.apply(call);
        CompletableFuture<Admission> deciding = (before == null
                        ? engine.admitAsync(call, options)
                        : engine.continueAsync(call, before.admission(), before.round() + 1, options))
                .toCompletableFuture();
        if (deciding.isDone()) {
            return CompletableFuture.completedFuture(guarded(call, before, deciding.join()));
        }
        CompletableFuture<GuardedCall> result = new CompletableFuture<>();
        CompletionStage<Admission> decided = deciding;
        decided.whenComplete((admission, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
            } else if (!result.complete(guarded(call, before, admission))) {
                // Counts as unknown for a call that was going on.
                admission.unsent();
            }
        });
        CompletionStage<GuardedCall> end = result;
        end.whenComplete((guarded, failure) -> deciding.cancel(false));
        return result;
    }

    @SuppressWarnings("ReferenceEquality") // the engine returns the same admission exactly if the call goes on
    private GuardedCall guarded(ToolCall call, @Nullable GuardedCall before, Admission admission) {
        return before != null && before.admission() == admission
                ? before.again(call)
                : new GuardedCall(engine, continuations, call, admission, 0, 0);
    }
}
