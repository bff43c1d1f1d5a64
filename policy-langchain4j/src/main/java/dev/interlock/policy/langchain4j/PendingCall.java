package dev.interlock.policy.langchain4j;

import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.limit.Settlement;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call that the client waits for: being decided, or sent, or over. Thread-safe. */
final class PendingCall {

    private @Nullable CompletableFuture<?> decision;
    private @Nullable Admission admission;
    private boolean over;

    /** The call is being decided; who decides is told by cancelling if it is over before that. */
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
     * The call was allowed and is about to be sent.
     *
     * @return false if it is over, and must not be sent: nobody waits for it any longer
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

    /** The call has ended so, unless it had before. */
    void end(Settlement outcome) {
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
