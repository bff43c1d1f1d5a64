package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import reactor.core.publisher.MonoSink;

/** A request that has been sent and whose response matters to this adapter. */
sealed interface PendingRequest {

    /**
     * Whether the request must not be left open when responses may have been lost. A list is kept: waiting for it
     * blocks nothing, and a list that arrives after all must be filtered for its reader.
     */
    default boolean mayBeLost() {
        return !(this instanceof ToolListRequest);
    }

    /** No response is awaited any longer. Called at most once, and not if there was a response. */
    void abandon();

    /**
     * An admitted call.
     *
     * @param guarded ended by the response, unless the server asks for input
     */
    record Call(GuardedCall guarded) implements PendingRequest, JudgedAnswers.Awaited {

        @Override
        public void abandon() {
            guarded.settle(CallOutcome.UNKNOWN);
        }
    }

    /** A request other than a call, which the response settles. */
    sealed interface Other extends PendingRequest, JudgedAnswers.Awaited {

        @Override
        default void abandon() {
            guarded().settle(CallOutcome.UNKNOWN);
        }
    }

    /** A request whose response is not changed. */
    record Plain(GuardedCall guarded) implements Other {}

    /** The agent's {@code initialize}. */
    record Initialize(GuardedCall guarded) implements Other {}

    /**
     * A {@code tools/list} request from the agent.
     *
     * @param caller the caller for whom the list is filtered
     * @param list the list to which the requested page belongs
     * @param mayBeKept whether the protocol has clients keep lists
     */
    record ToolListRequest(GuardedCall guarded, Callers.ResolvedCaller caller, Listing list, boolean mayBeKept)
            implements Other {}

    /**
     * One of our own requests, whose response the agent never sees.
     *
     * @param sink where the response goes
     */
    record Own(MonoSink<JSONRPCResponse> sink) implements PendingRequest {
        @Override
        public void abandon() {
            sink.error(new McpTransportException("the request was not answered"));
        }
    }
}
