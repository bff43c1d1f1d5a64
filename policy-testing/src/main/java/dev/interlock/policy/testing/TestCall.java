package dev.interlock.policy.testing;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;

/**
 * A call of a case.
 *
 * @param time when it is made, in milliseconds of the wall clock
 * @param call the call
 * @param outcome how it ends if it is let through
 * @param ends when it ends, in milliseconds of the wall clock; not before {@code time}
 * @param approved whether a person approves it
 * @param rounds how often the server asks for input before it ends the call
 * @param times how often it is made
 * @param expected what is expected each time
 * @param line its line in the file
 */
record TestCall(
        long time,
        ToolCall call,
        CallOutcome outcome,
        long ends,
        boolean approved,
        int rounds,
        int times,
        Expectation expected,
        int line) {}
