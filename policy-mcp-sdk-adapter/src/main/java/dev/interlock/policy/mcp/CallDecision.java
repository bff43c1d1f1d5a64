package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.Decision;
import org.jspecify.annotations.Nullable;

/**
 * A decision on a call, be it the engine's or, where the engine gave none, a denial of ours.
 *
 * @param decision what was decided
 * @param admission what the engine answered; null if it didn't
 * @param call what was decided on; null if it could not be read
 * @param failure why the engine didn't answer; null if it did
 */
record CallDecision(
        Decision decision,
        @Nullable Admission admission,
        @Nullable CallRequest call,
        @Nullable Throwable failure) {

    CallDecision(Decision decision, Admission admission, CallRequest call) {
        this(decision, admission, call, null);
    }

    /** Without the failure, whose message may quote anything. */
    @Override
    public String toString() {
        return "ruling: " + decision;
    }

    /** The call is not sent. */
    void unsent() {
        if (admission != null) {
            admission.unsent();
        }
    }

    /** What came of a question to a person; null if there was none. */
    @Nullable
    ApprovalAnswer answer() {
        return admission == null ? null : admission.answer();
    }

    /** A denial because something threw; the message names no detail. */
    static CallDecision failed(Throwable failure) {
        return new CallDecision(
                denied(Decision.Code.ERROR, "The policy could not be applied, so this was denied."),
                null,
                null,
                failure);
    }

    /** A denial because nothing was decided. */
    static CallDecision missing() {
        return failed(new IllegalStateException("the engine completed without a decision"));
    }

    /** A denial that no rule of the policy gave. */
    static Decision denied(Decision.Code code, String message) {
        return new Decision(Decision.Verdict.DENIED, code, null, message, null, false);
    }
}
