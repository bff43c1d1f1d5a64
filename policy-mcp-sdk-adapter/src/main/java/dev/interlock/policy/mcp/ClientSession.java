package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.approval.ApprovalHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpServerTransport;
import org.jspecify.annotations.Nullable;

/**
 * What a server's guard keeps for one client while its session lives.
 *
 * @param id the id of the MCP session; null if the transport has no sessions
 * @param toolLists fetches the list of tools
 * @param deciding the calls that are being decided
 * @param changes notifies the client of changes to the list of tools; null if it can't be reached
 * @param approvals asks the person at the client's end for approvals; null if that person must not be asked
 */
record ClientSession(
        @Nullable String id,
        ToolListFetch toolLists,
        UndecidedCalls deciding,
        @Nullable ListChanges changes,
        @Nullable ElicitedApprovals approvals) {

    /**
     * Called when the client has sent a notification. If it cancels a call that still waits for a person's answer, the
     * call is not made. A call that already runs goes on, just as the server's own session lets it.
     */
    void heard(JSONRPCNotification notification) {
        Object cancelled = JsonRpcIds.cancelled(notification.method(), notification.params());
        if (cancelled != null) {
            deciding.withdraw(cancelled);
        }
    }

    /** Records what the client says about itself, if this request says it. */
    void introduced(JSONRPCRequest request, McpServerTransport transport) {
        if (approvals != null && request.method().equals(McpSchema.METHOD_INITIALIZE)) {
            approvals.introduced(request, transport);
        }
    }

    /** Asks the client's person about a call that came over this transport; null if that person must not be asked. */
    @Nullable
    ApprovalHandler person(McpServerTransport transport) {
        return approvals == null ? null : approvals.over(transport);
    }

    /** Called when the client has sent a request or notification with this method. */
    void heard(String method) {
        if (changes != null) {
            changes.heard(method);
        }
    }

    /** Called when the client listens again for messages that it has not asked for. */
    void reachable() {
        if (changes != null) {
            changes.reachable();
        }
    }

    /** Ends the session. Calls whose answer would reach no client are not made. */
    void close() {
        deciding.withdrawAll();
        toolLists.tools().close();
        if (changes != null) {
            changes.close();
        }
        if (approvals != null) {
            approvals.close();
        }
    }
}
