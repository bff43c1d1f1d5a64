package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;

/**
 * Tells what a call has used up, from its answer: the host's way to say {@code usage.<key>} where an adapter ends the
 * call. It is asked on the thread that brings the answer, before the host or client sees it, and must not block. If it
 * throws, nothing is known.
 */
@FunctionalInterface
public interface UsageMeter {

    /**
     * Returns what a call has used up.
     *
     * @param call the call as it was sent
     * @param came the answer as it came
     */
    CallUsage measure(ToolCall call, CallResult came);
}
