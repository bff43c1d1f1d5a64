package dev.interlock.policy.testing;

import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import java.util.Map;

/**
 * A call of a case, or another request.
 *
 * @param time when it is made, in milliseconds of the wall clock
 * @param call the call; of another request, its method is the tool and its parameters are the arguments
 * @param isRequest whether it is a request other than {@code tools/call}
 * @param end how it ends if it is let through
 * @param ends when it ends, in milliseconds of the wall clock; not before {@code time}
 * @param custom what the host's predicates answer, by name
 * @param approved whether a person approves it
 * @param rounds how often the server asks for input before it ends the call
 * @param times how often it is made
 * @param expected what is expected each time
 * @param line its line in the file
 */
record TestCall(
        long time,
        ToolCall call,
        boolean isRequest,
        SimulatedEnd end,
        long ends,
        Map<String, Boolean> custom,
        boolean approved,
        int rounds,
        int times,
        Expectation expected,
        int line) {

    /** The request, if this is one other than {@code tools/call}. */
    MethodCall request() {
        return MethodCall.of(call.tool())
                .by(call.identity())
                .in(call.session())
                .on(call.server())
                .with(call.arguments())
                .with(call.context());
    }
}
