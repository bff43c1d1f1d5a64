package dev.interlock.policy.mcp;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import reactor.core.publisher.MonoSink;

/** A request that has been sent and whose response matters to this adapter. */
sealed interface Pending {

    /** No response is awaited any longer. Called at most once, and not if there was a response. */
    void abandon();

    /**
     * An admitted call.
     *
     * @param admission settled by the response
     */
    record Call(Admission admission) implements Pending {

        /** Settles the call by the server's answer. */
        void settle(JSONRPCResponse response) {
            admission.settle(end(response));
        }

        private static CallOutcome end(JSONRPCResponse response) {
            if (response.error() != null) {
                return CallOutcome.FAILED;
            }
            if (response.result() instanceof CallToolResult typed) {
                return Boolean.TRUE.equals(typed.isError()) ? CallOutcome.TOOL_ERROR : CallOutcome.SUCCEEDED;
            }
            return CallOutcome.ofResult(response.result());
        }

        @Override
        public void abandon() {
            admission.unknown();
        }
    }

    /** The agent's {@code initialize}. */
    record Initialize() implements Pending {
        @Override
        public void abandon() {
            // Nothing was reserved.
        }
    }

    /**
     * A {@code tools/list} request from the agent.
     *
     * @param caller the caller for whom the list is filtered
     * @param list the list to which the requested page belongs
     */
    record ToolList(Callers.Caller caller, Listing list) implements Pending {
        @Override
        public void abandon() {
            // Nothing was reserved.
        }
    }

    /**
     * One of our own requests, whose response the agent never sees.
     *
     * @param sink where the response goes
     */
    record Own(MonoSink<JSONRPCResponse> sink) implements Pending {
        @Override
        public void abandon() {
            sink.error(new McpTransportException("the request was not answered"));
        }
    }
}
