package dev.interlock.policy.langchain4j;

import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.limit.Settlement;
import org.jspecify.annotations.Nullable;

/** A call that the client waits for: being decided, or sent, or over. Thread-safe. */
final class OpenCall {

    private @Nullable Admission admission;
    private boolean over;

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

    /** The call has ended so, unless it had before. */
    void end(Settlement outcome) {
        Admission sent;
        synchronized (this) {
            over = true;
            sent = admission;
        }
        if (sent != null) {
            sent.settle(outcome);
        }
    }
}
