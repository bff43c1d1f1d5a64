package dev.interlock.policy.engine;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.tool.ToolCatalog;

/** Is told what an engine can't put into a decision. Called on the deciding thread, so it must be quick. */
@FunctionalInterface
public interface EngineListener {

    /** Tells nobody. The decision still carries {@link Decision.Code#ERROR}. */
    EngineListener NONE = (call, failure) -> {};

    /**
     * Something failed while a call was decided; the call was denied.
     *
     * @param failure what was thrown
     */
    void failed(ToolCall call, Throwable failure);

    /**
     * Something failed while a request other than {@code tools/call} was decided or recorded; it was denied. Does nothing
     * unless it is overridden.
     *
     * @param failure what was thrown
     */
    default void failed(MethodCall request, Throwable failure) {}

    /**
     * A sink or an observer has refused an event. If it was a sink and the event a decision that would have let the call
     * through, the call was denied. Does nothing unless it is overridden.
     *
     * @param failure what was thrown
     */
    default void unrecorded(AuditEvent event, Throwable failure) {}

    /**
     * Two servers offer a tool of the same name. An agent that knows tools by name alone may call the one and mean the
     * other; a policy tells them apart by {@code call.server}. Told once for each tool and pair of servers. Does nothing
     * unless it is overridden.
     */
    default void shadowed(ToolCatalog.Shadowing shadowing) {}
}
