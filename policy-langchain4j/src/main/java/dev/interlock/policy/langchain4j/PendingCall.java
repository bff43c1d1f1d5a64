package dev.interlock.policy.langchain4j;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.Admission;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call that the client waits for: being decided, sent, or over. Thread-safe. */
final class PendingCall {

    private @Nullable CompletableFuture<?> decision;
    private @Nullable Admission admission;
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
    synchronized boolean send(Admission granted) {
        if (!over) {
            admission = granted;
        }
        return !over;
    }

    /** Whether the call has ended. */
    synchronized boolean isOver() {
        return over;
    }

    /** Ends the call with this outcome, unless it has ended before. */
    void end(CallOutcome outcome) {
        Admission sent;
        CompletableFuture<?> undecided;
        synchronized (this) {
            over = true;
            sent = admission;
            undecided = sent == null ? decision : null;
        }
        if (sent != null) {
            sent.settle(outcome);
        }
        if (undecided != null) {
            undecided.cancel(false);
        }
    }
}
