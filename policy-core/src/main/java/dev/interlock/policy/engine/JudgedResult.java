package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ResultReport;

/**
 * What the caller of a call may see of its answer.
 *
 * @param decision whether it may see {@code shown}. If it doesn't {@linkplain Decision#allowed allow} it, the caller is
 *     told the decision instead
 * @param shown the answer as the caller may see it: the very object that came, if nothing in it was changed
 * @param report what became of it
 */
public record JudgedResult(Decision decision, CallResult shown, ResultReport report) {

    /** Creates one that nothing in the answer was changed for. */
    public JudgedResult(Decision decision, CallResult shown) {
        this(
                decision,
                shown,
                decision.allowed()
                        ? decision.audited() ? ResultReport.WOULD_BE_WITHHELD : ResultReport.PASSED
                        : ResultReport.WITHHELD);
    }

    /** The answer as it came. */
    static JudgedResult passed(CallResult came) {
        return new JudgedResult(Decision.ALLOWED, came, ResultReport.PASSED);
    }

    /** An answer that the caller may not see, unless that is only recorded. */
    static JudgedResult withheld(Decision denial, CallResult came) {
        return new JudgedResult(denial, came);
    }

    /** Returns the same, with a denial that is only recorded, unless there is another one. */
    public JudgedResult recording(Decision recorded) {
        return decision.verdict() == Decision.Verdict.ALLOWED ? new JudgedResult(recorded, shown, report) : this;
    }
}
