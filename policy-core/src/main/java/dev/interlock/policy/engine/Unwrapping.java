package dev.interlock.policy.engine;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows the calls that a call makes by running other tools, and joins their plans with the call's own. All of them
 * are decided as one: each check of the call itself comes first, then those of the calls that it makes, in order, and
 * all limits are reserved together.
 */
final class Unwrapping {

    /** How many calls one call may make, however deep. */
    static final int MOST_CALLS = 100;

    /** How deep calls may stand within calls. */
    private static final int MOST_LEVELS = 4;

    private final CompiledPolicy policy;
    private final List<ToolCall> calls = new ArrayList<>();
    private final List<ToolPlan> plans = new ArrayList<>();

    /** Why no more could be followed; null if all were. */
    private @Nullable Decision denial;

    private Unwrapping(CompiledPolicy policy) {
        this.policy = policy;
    }

    /** The plan of a call, with those of all calls that it makes. */
    static ToolPlan plan(CompiledPolicy policy, ToolPlan own, ToolCall call) {
        Unwrapping found = new Unwrapping(policy);
        found.follow(own, call, 1);
        return ToolPlan.together(own, found.plans, found.calls, found.denial);
    }

    /** The calls that a call makes, those within first; as many as could be followed. */
    static List<ToolCall> calls(CompiledPolicy policy, ToolCall call) {
        if (!policy.unwraps() || call.problem() != null || call.request() != null) {
            return List.of();
        }
        ToolCall settled = policy.settled(call);
        ToolPlan own = policy.plan(settled);
        Unwrapping found = new Unwrapping(policy);
        found.follow(own, settled, 1);
        return List.copyOf(found.calls);
    }

    private void follow(ToolPlan plan, ToolCall call, int level) {
        for (CompiledUnwrap unwrap : plan.unwrapped()) {
            if (level > MOST_LEVELS) {
                denial = unwrap.denial(call, "tools run tools more than " + MOST_LEVELS + " levels deep");
                return;
            }
            CompiledUnwrap.InnerCalls found = unwrap.find(call, MOST_CALLS - calls.size());
            for (ToolCall inner : found.calls()) {
                if (calls.size() == MOST_CALLS) {
                    denial = unwrap.denial(call, CompiledUnwrap.TOO_MANY);
                    return;
                }
                follow(inner, call, level);
                if (denial != null) {
                    return;
                }
            }
            if (found.problem() != null) {
                denial = unwrap.denial(call, found.problem());
                return;
            }
        }
    }

    private void follow(ToolCall asked, ToolCall by, int level) {
        ToolCall inner = policy.defined(asked);
        ToolPlan plan = policy.innerPlan(inner, by);
        calls.add(inner);
        plans.add(plan);
        follow(plan, inner, level + 1);
    }
}
