package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A person's part in an admission. Thread-safe. */
final class Answered {

    private final ApprovalAnswer answer;
    private final @Nullable ToolCall instead;
    private final Runnable giveBack;
    /** The rules that were answered with yes. */
    private final List<AskingRule> agreed;
    /** The context of the call that persons agreed to. */
    private final ObjectValue context;

    private final AtomicBoolean settled = new AtomicBoolean();
    /** Whether the answer is used up, because the call was sent or the answer was given back. */
    private final AtomicBoolean spent = new AtomicBoolean();

    /**
     * A person's part in an admission.
     *
     * @param instead what is sent in place of the call that was asked about; null if that call itself is sent
     * @param giveBack gives a yes back if the call was never handed over
     * @param agreed the rules that were answered with yes
     * @param context the context of the call that persons agreed to
     */
    Answered(
            ApprovalAnswer answer,
            @Nullable ToolCall instead,
            Runnable giveBack,
            List<AskingRule> agreed,
            ObjectValue context) {
        this.answer = answer;
        this.instead = instead;
        this.giveBack = giveBack;
        this.agreed = agreed;
        this.context = context;
    }

    /** An answer that admits nothing. */
    static Answered without(ApprovalAnswer answer) {
        return new Answered(answer, null, () -> {}, List.of(), ObjectValue.EMPTY);
    }

    ApprovalAnswer answer() {
        return answer;
    }

    ToolCall toSend(ToolCall asked) {
        return instead == null ? asked : instead;
    }

    /**
     * Whether persons have said yes to all these rules. A yes is bound to what the policy reads of the context.
     *
     * @param other the context of the call in this round
     */
    boolean covers(List<AskingRule> asking, CompiledPolicy policy, ObjectValue other) {
        return agreed.containsAll(asking) && policy.read(context).equals(policy.read(other));
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
