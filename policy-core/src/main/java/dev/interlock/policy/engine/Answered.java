package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.limit.Settlement;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A person's part in an admission. Thread-safe. */
final class Answered {

    private final ApprovalAnswer answer;
    private final @Nullable ToolCall instead;
    private final Runnable giveBack;
    private final AtomicBoolean settled = new AtomicBoolean();
    /** Whether the answer is used up, be it by being sent or by being given back. */
    private final AtomicBoolean spent = new AtomicBoolean();

    /**
     * A part in an admission.
     *
     * @param instead what is to be sent in place of what was asked about; null if it is that
     * @param giveBack what gives a yes back if the call was never handed over
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

    /** The call is with the transport: from now on the answer is used up, however the call ends. */
    void handedOver() {
        spent.set(true);
    }

    /** The call has ended; only the first time counts. */
    void settled(Settlement outcome) {
        if (settled.compareAndSet(false, true) && outcome == Settlement.UNSENT && spent.compareAndSet(false, true)) {
            giveBack.run();
        }
    }
}
