package dev.interlock.policy.langchain4j;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.engine.JudgedResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A call that the client waits for: being decided, sent, or over. Thread-safe. */
final class PendingCall {

    private @Nullable CompletableFuture<?> decision;
    private @Nullable GuardedCall sent;
    private boolean over;

    /**
     * Called when the decision on the call begins. If the call ends before the decision does, the stage is cancelled.
     */
    <T> CompletableFuture<T> decidedBy(CompletableFuture<T> stage) {
        boolean late;
        synchronized (this) {
            decision = stage;
            late = over;
        }
        if (late) {
            stage.cancel(false);
        }
        return stage;
    }

    /**
     * Called when the call is allowed and about to be sent.
     *
     * @return false if the call is over: no caller waits for it any longer, and it must not be sent
     */
    synchronized boolean send(GuardedCall granted) {
        if (!over) {
            sent = granted;
        }
        return !over;
    }

    /** Whether the call has ended. */
    synchronized boolean isOver() {
        return over;
    }

    /** Takes the server's answer to the call, which is judged. */
    CompletionStage<JudgedResult> answered(GuardedCall guarded, CallResult came) {
        synchronized (this) {
            over = true;
        }
        return guarded.answered(came);
    }

    /**
     * Ends the call, unless it has ended before.
     *
     * @param settling settles it if it was sent
     */
    void end(Consumer<GuardedCall> settling) {
        GuardedCall ended;
        CompletableFuture<?> undecided;
        synchronized (this) {
            over = true;
            ended = sent;
            undecided = ended == null ? decision : null;
        }
        if (ended != null) {
            settling.accept(ended);
        }
        if (undecided != null) {
            undecided.cancel(false);
        }
    }

    /** Ends the call as one of which it is not known whether it has run. */
    void lose() {
        end(call -> call.settle(CallOutcome.UNKNOWN));
    }
}
