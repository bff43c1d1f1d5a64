package dev.interlock.policy.engine;

/**
 * A call that a person is to be asked about.
 *
 * @param policy what it was decided by
 * @param call the call
 * @param held what was decided, and what is reserved for it; nobody else has it
 * @param startNanos when the call came, by the recorder's clock
 */
record PendingApproval(CompiledPolicy policy, ToolCall call, Admission held, long startNanos) {}
