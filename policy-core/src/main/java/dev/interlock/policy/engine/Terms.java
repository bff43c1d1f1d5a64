package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a caller of the engine waits for a person, and what it can do with the answer.
 *
 * @param patience how long it waits at most; null for as long as the rule says. It must be shorter than what the caller
 *     itself is waited for, so that no yes sends a call of which nobody wants to know any longer
 * @param narrower whether the caller sends {@link Admission#toSend} and not the call that it asked about. Without it, a yes
 *     to other arguments denies: the caller would send what nobody has approved
 * @param first who is asked before the engine's own handler; null for nobody. The engine's, if it has one, is asked where
 *     the first answers {@link ApprovalAnswer.Unasked}
 */
public record Terms(
        @Nullable Duration patience,
        boolean narrower,
        @Nullable ApprovalHandler first) {

    /** Waits as long as the rule says, and sends what was asked about. */
    public static final Terms DEFAULT = new Terms(null, false, null);

    /** Checks the patience. */
    public Terms {
        if (patience != null && (patience.isNegative() || patience.isZero())) {
            throw new IllegalArgumentException("patience must be positive, was " + patience);
        }
    }

    /** The same, waiting at most so long. */
    public Terms within(Duration longest) {
        return new Terms(longest, narrower, first);
    }

    /** The same for a caller that sends {@link Admission#toSend}. */
    public Terms sendingWhatIsApproved() {
        return new Terms(patience, true, first);
    }

    /** The same for a caller that knows of somebody to ask before the engine's own handler. */
    public Terms askingFirst(ApprovalHandler handler) {
        return new Terms(patience, narrower, handler);
    }
}
