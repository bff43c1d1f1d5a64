package dev.interlock.policy.engine;

import dev.interlock.policy.engine.Decision.Code;
import dev.interlock.policy.tool.ToolCatalog;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolLock.Status;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets pass only calls of tools whose definition was accepted. A definition is digested when its tool is first called
 * and not again until its server announces the tool anew.
 */
final class LockGate {

    private static final RuleRef RULE = CompiledPolicy.ref("(lock)", "");

    private final ToolLock lock;
    private final ToolCatalog catalog;

    /** What was found of each tool; bounded, since the catalogue is. */
    private final Map<ToolLock.Key, Seen> seen = new ConcurrentHashMap<>();

    /** A definition, as the catalogue held it, and the plan that denies its calls; null if it was accepted. */
    private record Seen(KnownTool tool, @Nullable ToolPlan denial) {}

    LockGate(ToolLock lock, ToolCatalog catalog) {
        this.lock = lock;
        this.catalog = catalog;
    }

    /** The plan that denies a call, or null if its tool's definition was accepted. */
    // The same object, and not an equal one: to compare two definitions takes as long as to digest one.
    @SuppressWarnings("ReferenceEquality")
    @Nullable
    ToolPlan denial(ToolCall call) {
        KnownTool tool = catalog.find(call.server(), call.tool());
        if (tool == null) {
            return ToolPlan.denied(Decision.denied(Code.SCHEMA_UNKNOWN, RULE, Messages.notSeen(call.tool())), false);
        }
        ToolLock.Key key = ToolLock.Key.of(call.server(), call.tool());
        Seen known = seen.get(key);
        if (known == null || known.tool() != tool) {
            known = new Seen(tool, judge(call, tool));
            seen.put(key, known);
        }
        return known.denial();
    }

    private @Nullable ToolPlan judge(ToolCall call, KnownTool tool) {
        return lock.status(call.server(), tool.definition()) == Status.ACCEPTED
                ? null
                : ToolPlan.denied(Decision.denied(Code.LOCK, RULE, Messages.notAccepted(call.tool())), false);
    }
}
