package dev.interlock.policy.engine;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolCatalog;

/**
 * Wraps a host's listener and swallows what it throws. A report always comes after the failure has been handled, and
 * its sender has no other place to report that the listener failed.
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
        // What failed may be that the host passed null.
        MethodCall request = call == null ? null : call.request();
        tell(request == null ? () -> listener.failed(call, failure) : () -> listener.failed(request, failure));
    }

    @Override
    public void failed(MethodCall request, Throwable failure) {
        tell(() -> listener.failed(request, failure));
    }

    @Override
    public void predicateFailed(ToolCall call, String predicate, Throwable failure) {
        tell(() -> listener.predicateFailed(call, predicate, failure));
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
