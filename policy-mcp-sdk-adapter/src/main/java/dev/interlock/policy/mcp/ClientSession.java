package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server's guard keeps for one client for as long as its session lives.
 *
 * @param id the MCP session's; null if the transport has no sessions
 * @param toolLists fetches the list of tools
 * @param deciding the calls that are being decided
 */
record ClientSession(@Nullable String id, ToolListFetch toolLists, Deciding deciding) {

    private static final String CANCELLED = "notifications/cancelled";

    /**
     * The client has sent a notification: a call that it cancels while somebody is still asked about it is not made. One
     * that runs goes on, as the server's own session has it.
     */
    void heard(JSONRPCNotification notification) {
        if (notification.method().equals(CANCELLED) && notification.params() instanceof Map<?, ?> params) {
            Object id = params.get("requestId");
            if (id != null) {
                deciding.withdraw(id);
            }
        }
    }

    /** The session is over: calls of which nobody would get the answer are not made. */
    void close() {
        deciding.withdrawAll();
        toolLists.tools().close();
    }
}
