package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a caller of the engine waits for a person, and what it can do with the answer.
 *
 * @param patience how long it waits at most; null for as long as the rule says. It must be shorter than the time for
 *     which others wait for the caller, so that no yes sends a call whose result is no longer wanted
 * @param narrower whether the caller sends {@link Admission#toSend} instead of the call that it asked about. If false,
 *     a yes to other arguments denies the call, because the caller would send arguments that no person has approved
 * @param first the handler to ask before the engine's own; null for none. If it answers {@link ApprovalAnswer.Unasked},
 *     the engine's handler is asked, if there is one
 */
public record AdmitOptions(
        @Nullable Duration patience,
        boolean narrower,
        @Nullable ApprovalHandler first) {

    /** Waits as long as the rule says, and sends what was asked about. */
    public static final AdmitOptions DEFAULT = new AdmitOptions(null, false, null);

    /** Checks the patience. */
    public AdmitOptions {
        if (patience != null && (patience.isNegative() || patience.isZero())) {
            throw new IllegalArgumentException("patience must be positive, was " + patience);
        }
    }

    /** Returns the same options, but with this longest wait. */
    public AdmitOptions within(Duration longest) {
        return new AdmitOptions(longest, narrower, first);
    }

    /** Returns the same options for a caller that sends {@link Admission#toSend}. */
    public AdmitOptions sendingWhatIsApproved() {
        return new AdmitOptions(patience, true, first);
    }

    /** Returns the same options for a caller that has a handler to ask before the engine's own. */
    public AdmitOptions askingFirst(ApprovalHandler handler) {
        return new AdmitOptions(patience, narrower, handler);
    }
}
