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

    /**
     * A part in an admission.
     *
     * @param instead what is to be sent in place of what was asked about; null if it is that
     * @param giveBack what gives a yes back if nothing was sent
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

    /** The call has ended; only the first time counts. */
    void settled(Settlement outcome) {
        if (settled.compareAndSet(false, true) && outcome == Settlement.UNSENT) {
            giveBack.run();
        }
    }
}
