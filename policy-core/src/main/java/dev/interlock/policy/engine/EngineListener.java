package dev.interlock.policy.engine;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolCatalog;

/**
 * Receives reports that an engine can't put into a decision. It is called on the deciding thread, so it must be quick.
 */
@FunctionalInterface
public interface EngineListener {

    /** Ignores all reports. The decision still carries {@link Decision.Code#ERROR}. */
    EngineListener NONE = (call, failure) -> {};

    /**
     * Called when something failed while a call was decided. The call was denied.
     *
     * @param failure what was thrown
     */
    void failed(ToolCall call, Throwable failure);

    /**
     * Called when something failed while a request other than {@code tools/call} was decided or recorded. The request
     * was denied. Does nothing unless overridden.
     *
     * @param failure what was thrown
     */
    default void failed(MethodCall request, Throwable failure) {}

    /**
     * Called when a {@link CustomPredicate} threw or did not answer in time, so that a condition was invalid. Calls
     * {@link #failed(ToolCall, Throwable)} unless overridden.
     *
     * @param predicate its name
     * @param failure what it threw; a {@link java.util.concurrent.TimeoutException} if its time was up, or a
     *     {@link java.util.concurrent.RejectedExecutionException} if too many questions were waiting
     */
    default void predicateFailed(ToolCall call, String predicate, Throwable failure) {
        failed(call, failure);
    }

    /**
     * Called when a sink or an observer has refused an event. If a sink refused it, and the event was a decision that
     * would have let the call through, the call was denied. Does nothing unless overridden.
     *
     * @param failure what was thrown
     */
    default void unrecorded(AuditEvent event, Throwable failure) {}

    /**
     * Called when two servers offer a tool of the same name. An agent that knows tools only by name may call one of
     * them and mean the other. A policy distinguishes them by {@code call.server}. Called once for each tool and pair
     * of servers. Does nothing unless overridden.
     */
    default void shadowed(ToolCatalog.Shadowing shadowing) {}
}
