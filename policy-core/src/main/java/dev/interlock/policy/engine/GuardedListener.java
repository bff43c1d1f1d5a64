package dev.interlock.policy.engine;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.tool.ToolCatalog;

/**
 * A host's listener, from which nothing is thrown on: whatever it is told of has been dealt with already, and whoever tells
 * it has no one else to tell that it failed.
 */
final class GuardedListener implements EngineListener {

    private final EngineListener listener;

    GuardedListener(EngineListener listener) {
        this.listener = listener;
    }

    private static void tell(Runnable telling) {
        try {
            telling.run();
        } catch (Throwable ignored) {
            // The listener threw; see above.
        }
    }

    @Override
    public void failed(ToolCall call, Throwable failure) {
        tell(() -> listener.failed(call, failure));
    }

    @Override
    public void failed(MethodCall request, Throwable failure) {
        tell(() -> listener.failed(request, failure));
    }

    @Override
    public void unrecorded(AuditEvent event, Throwable failure) {
        tell(() -> listener.unrecorded(event, failure));
    }

    @Override
    public void shadowed(ToolCatalog.Shadowing shadowing) {
        tell(() -> listener.shadowed(shadowing));
    }
}
