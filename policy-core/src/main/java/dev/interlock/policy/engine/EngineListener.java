package dev.interlock.policy.engine;

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
}
