package dev.interlock.policy.engine;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolLock.Status;
import org.jspecify.annotations.Nullable;

/** Passes only calls to tools whose definition was accepted. */
final class ToolLockCheck {

    private static final RuleRef RULE = CompiledPolicy.ref("(lock)", "");

    private final ToolLock lock;

    ToolLockCheck(ToolLock lock) {
        this.lock = lock;
    }

    /** The plan that denies a call; null if the definition that the call is judged by was accepted. */
    @Nullable
    ToolPlan denial(ToolCall call) {
        KnownTool tool = call.definition();
        if (tool == null) {
            return ToolPlan.denied(notSeen(call.tool()), false);
        }
        return lock.status(call.server(), tool) == Status.ACCEPTED
                ? null
                : ToolPlan.denied(Decision.denied(Code.LOCK, RULE, Messages.notAccepted(call.tool())), false);
    }

    /** The denial of a tool that nothing is known of. */
    static Decision notSeen(String tool) {
        return Decision.denied(Code.SCHEMA_UNKNOWN, RULE, Messages.notSeen(tool));
    }
}
