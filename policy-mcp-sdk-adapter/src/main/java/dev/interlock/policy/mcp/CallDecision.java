package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A decision on a call: the engine's, or a denial of ours if the engine gave none.
 *
 * @param decision the decision
 * @param guarded the call with the engine's answer; null if it gave none
 * @param call the call that was decided on; null if it could not be read
 * @param failure why the engine gave no answer; null if it gave one
 */
record CallDecision(
        Decision decision,
        @Nullable GuardedCall guarded,
        @Nullable CallRequest call,
        @Nullable Throwable failure) {

    CallDecision(GuardedCall guarded, CallRequest call) {
        this(guarded.decision(), guarded, call, null);
    }

    /** Leaves out the failure, whose message may quote anything. */
    @Override
    public String toString() {
        return "ruling: " + decision;
    }

    /**
     * Passes the call on, or denies it and reports that it is not sent.
     *
     * @param pass passes it on
     * @param deny answers it
     */
    <T> T either(BiFunction<CallRequest, GuardedCall, T> pass, Supplier<T> deny) {
        if (decision.allowed() && guarded != null && call != null) {
            return pass.apply(call, guarded);
        }
        unsent();
        return deny.get();
    }

    /** Reports that the call is not sent. */
    void unsent() {
        if (guarded != null) {
            guarded.unsent();
        }
    }

    /** The answer to the question put to a person; null if there was no question. */
    @Nullable
    ApprovalAnswer answer() {
        return guarded == null ? null : guarded.admission().answer();
    }

    /** A denial because something threw. The message gives no details. */
    static CallDecision failed(Throwable failure) {
        return new CallDecision(DenialText.failed(), null, null, failure);
    }

    /** A denial because no decision was made. */
    static CallDecision missing() {
        return failed(new IllegalStateException("the engine completed without a decision"));
    }
}
