package dev.interlock.policy.engine;

import dev.interlock.policy.limit.Charge;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a policy has to say of one tool, for one grant and one rating: flat, in the order in which it is checked.
 *
 * @param verdict the decision for every call, whatever its arguments, or null if that depends
 * @param listed whether {@code tools/list} shows the tool
 * @param checks what is checked, in order
 * @param slots what a call that passed is charged to, in order
 * @param reads the counters that conditions read
 */
record ToolPlan(
        @Nullable Decision verdict,
        boolean listed,
        Check[] checks,
        LimitSlot[] slots,
        List<CounterRead> reads) {

    private static final Check[] NO_CHECKS = {};
    private static final LimitSlot[] NO_SLOTS = {};

    /** A tool that is denied whatever the arguments. */
    static ToolPlan denied(Decision decision) {
        return new ToolPlan(decision, decision.audited(), NO_CHECKS, NO_SLOTS, List.of());
    }

    /** What the limiter is asked for the counters that conditions read. */
    List<Charge> probes(ToolCall call) {
        return reads.stream().map(read -> read.probe(call)).toList();
    }

    /**
     * The decision on a call before limits are asked for room: the first denial, else the first question, else the first
     * denial that is only recorded, else allowed.
     */
    Decision check(ToolCall call, CounterValues counters) {
        Decision question = null;
        Decision audited = verdict;
        for (Check check : checks) {
            Decision decision = check.apply(call, counters);
            if (decision == null) {
                continue;
            }
            if (decision.audited()) {
                audited = audited == null ? decision : audited;
            } else if (decision.verdict() == Decision.Verdict.NEEDS_APPROVAL) {
                question = question == null ? decision : question;
            } else {
                return decision;
            }
        }
        if (question != null) {
            return question;
        }
        return audited == null ? Decision.ALLOWED : audited;
    }
}
