package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.tool.ToolCatalog;
import java.util.concurrent.CompletionStage;

/** Decides every call. Thread-safe. */
public final class PolicyEngine {

    /** Whether a call would be allowed now; takes nothing. */
    public Decision decide(ToolCall call) {
        throw new UnsupportedOperationException();
    }

    /** Decides, and reserves what an allowed call is charged to. May block only if the limiter does. */
    public Admission admit(ToolCall call) {
        throw new UnsupportedOperationException();
    }

    /** {@link #admit} without blocking. Never completes exceptionally. */
    public CompletionStage<Admission> admitAsync(ToolCall call) {
        throw new UnsupportedOperationException();
    }

    /** Whether {@code tools/list} may show the tool to this caller (the call's arguments are not looked at). */
    public boolean visible(ToolCall call) {
        throw new UnsupportedOperationException();
    }

    /** What the policy says of an MCP method other than tools/call. */
    public Decision decideMethod(String method) {
        throw new UnsupportedOperationException();
    }

    /** Swaps the policy atomically; counters are kept. */
    public void update(Policy policy) {
        throw new UnsupportedOperationException();
    }

    /** The tools that servers have announced; adapters fill it. */
    public ToolCatalog tools() {
        throw new UnsupportedOperationException();
    }
}
