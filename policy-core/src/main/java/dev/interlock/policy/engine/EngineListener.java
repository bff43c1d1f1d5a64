package dev.interlock.policy.engine;

import dev.interlock.policy.audit.AuditEvent;

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
     * A sink or an observer has refused an event. If it was a sink and the event a decision that would have let the call
     * through, the call was denied. Does nothing unless it is overridden.
     *
     * @param failure what was thrown
     */
    default void unrecorded(AuditEvent event, Throwable failure) {}
}
