package dev.interlock.policy.recorded;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import java.io.Closeable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A way on which calls reach an engine, with what stands before and behind the engine on it. Used by one thread. */
public interface CallPath extends Closeable {

    /** Makes a call. Returns once it is denied, or runs on the server. */
    Made make(ToolCall call) throws Exception;

    /**
     * A call that was made.
     *
     * @param tool the tool that runs; null if the call was denied
     * @param arguments what it runs with; null if the call was denied
     * @param told what the caller reads in place of an answer; null if it was not denied, or nothing reads it here
     * @param ending ends the call
     */
    record Made(
            @Nullable String tool,
            @Nullable ObjectValue arguments,
            @Nullable String told,
            Ending ending) {

        static Made denied(@Nullable String told) {
            return new Made(null, null, told, end -> null);
        }

        boolean runs() {
            return tool != null;
        }
    }

    /**
     * How a call ends.
     *
     * @param outcome how
     * @param result the tool result that the server answers with; null if the recording says none
     * @param usage what the host tells when the call has ended
     */
    record End(CallOutcome outcome, @Nullable ObjectValue result, CallUsage usage) {

        /** The tool result that a server answers with if the call doesn't fail. */
        public Map<String, @Nullable Object> toolResult() {
            return result != null
                    ? result.toJava()
                    : Map.of(
                            "content",
                            List.of(Map.of("type", "text", "text", "it ran")),
                            "isError",
                            outcome == CallOutcome.TOOL_ERROR);
        }

        /** What the server answers. Null if it does not answer, or none can be told from its answer. */
        @Nullable
        CallResult answer() {
            if (result != null) {
                return CallResult.of(result.toJava());
            }
            return switch (outcome) {
                case SUCCEEDED -> CallResult.of(Map.of("content", List.of()));
                case TOOL_ERROR -> CallResult.of(Map.of("content", List.of(), "isError", true));
                case FAILED -> CallResult.failed(-32603, "it failed", null);
                case UNSENT, UNKNOWN -> null;
            };
        }
    }

    /**
     * What the caller got in place of the answer that the server gave.
     *
     * @param withheld whether it got a denial
     * @param shown the result that it got; null if it got a denial
     */
    record Received(boolean withheld, @Nullable ObjectValue shown) {}

    /** How a call comes to its end. */
    @FunctionalInterface
    interface Ending {

        /**
         * Ends the call so. Returns once its caller has the answer.
         *
         * @return what the caller got; null if nothing reads it here
         */
        @Nullable
        Received with(End end) throws Exception;
    }
}
