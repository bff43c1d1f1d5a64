package dev.interlock.policy.testing;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a simulated call ends if it is let through.
 *
 * @param outcome how
 * @param answer what its server answers; null if it does not answer
 * @param usage what the host tells when the call has ended
 */
public record SimulatedEnd(CallOutcome outcome, @Nullable CallResult answer, CallUsage usage) {

    private static final CallResult EMPTY = CallResult.of(Map.of("content", List.of()));
    private static final CallResult TOOL_ERROR = CallResult.of(Map.of("content", List.of(), "isError", true));
    private static final CallResult ERROR = CallResult.failed(-32603, "Internal error", null);

    /** A call that ends so. Its server answers, if it does, without saying anything. */
    public static SimulatedEnd of(CallOutcome outcome) {
        CallResult answer = switch (outcome) {
            case SUCCEEDED -> EMPTY;
            case TOOL_ERROR -> TOOL_ERROR;
            case FAILED -> ERROR;
            case UNSENT, UNKNOWN -> null;
        };
        return new SimulatedEnd(outcome, answer, CallUsage.NONE);
    }

    /** A call that ends with this answer. */
    public static SimulatedEnd with(CallResult answer) {
        return new SimulatedEnd(answer.outcome(), answer, CallUsage.NONE);
    }

    /** The same end, of which the host tells this. */
    public SimulatedEnd using(CallUsage told) {
        return new SimulatedEnd(outcome, answer, told);
    }
}
