package dev.interlock.policy.engine;

import dev.interlock.policy.call.ToolCall;

/**
 * A call that a person must be asked about.
 *
 * @param policy the policy that decided it
 * @param call the call
 * @param held the decision and the reservation; no one else holds it
 * @param startNanos when the call came, by the recorder's clock
 */
record PendingApproval(CompiledPolicy policy, ToolCall call, Admission held, long startNanos) {}
