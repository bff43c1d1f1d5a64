package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A person's part in an admission. Thread-safe. */
final class Answered {

    private final ApprovalAnswer answer;
    private final @Nullable ToolCall instead;
    private final Runnable giveBack;
    private final AtomicBoolean settled = new AtomicBoolean();
    /** Whether the answer is used up, because the call was sent or the answer was given back. */
    private final AtomicBoolean spent = new AtomicBoolean();

    /**
     * A person's part in an admission.
     *
     * @param instead what is sent in place of the call that was asked about; null if that call itself is sent
     * @param giveBack gives a yes back if the call was never handed over
     */
    Answered(ApprovalAnswer answer, @Nullable ToolCall instead, Runnable giveBack) {
        this.answer = answer;
        this.instead = instead;
        this.giveBack = giveBack;
    }

    /** An answer that admits nothing. */
    static Answered without(ApprovalAnswer answer) {
        return new Answered(answer, null, () -> {});
    }

    ApprovalAnswer answer() {
        return answer;
    }

    ToolCall toSend(ToolCall asked) {
        return instead == null ? asked : instead;
    }

    /** The call is with the transport. From now on the answer is used up, however the call ends. */
    void handedOver() {
        spent.set(true);
    }

    /** The call has ended. Only the first report counts. */
    void settled(CallOutcome outcome) {
        if (settled.compareAndSet(false, true) && outcome == CallOutcome.UNSENT && spent.compareAndSet(false, true)) {
            giveBack.run();
        }
    }
}
