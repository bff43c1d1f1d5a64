package dev.interlock.policy.testing;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.JudgedResult;
import org.jspecify.annotations.Nullable;

/** A call that a {@link PolicySimulator} has made. Not thread-safe. */
public final class SimulatedCall {

    private final Decision decision;
    private @Nullable JudgedResult result;

    SimulatedCall(Decision decision) {
        this.decision = decision;
    }

    void ended(@Nullable JudgedResult judged) {
        result = judged;
    }

    /**
     * Returns the decision. If it {@linkplain Decision.Verdict#NEEDS_APPROVAL needs approval}, that decision even if
     * the approval was given. If the call was denied in a later round, that denial.
     */
    public Decision decision() {
        return decision;
    }

    /**
     * Returns what the caller got of the answer; null as long as the call has not ended, and if it ended without one.
     */
    public @Nullable JudgedResult result() {
        return result;
    }
}
