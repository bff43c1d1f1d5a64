package dev.interlock.policy.engine;

import dev.interlock.policy.call.ToolCall;

/**
 * A call that another call makes by running its tool, in the plan of both.
 *
 * @param call the call
 * @param firstCounter how many counters of other calls come before its own in that plan
 */
record InnerCall(ToolCall call, int firstCounter) {}
