package dev.interlock.policy.recorded;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import java.io.Closeable;
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
            return new Made(null, null, told, outcome -> {});
        }

        boolean runs() {
            return tool != null;
        }
    }

    /** How a call comes to its end. */
    @FunctionalInterface
    interface Ending {

        /** Ends the call so. Returns once its caller has the answer. */
        void with(CallOutcome outcome) throws Exception;
    }
}
