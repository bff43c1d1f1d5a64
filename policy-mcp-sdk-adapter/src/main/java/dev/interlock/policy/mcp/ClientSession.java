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
 * @param changes tells the client of changes of the list of tools; null if it can't be reached
 */
record ClientSession(
        @Nullable String id,
        ToolListFetch toolLists,
        UndecidedCalls deciding,
        @Nullable ListChanges changes) {

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

    /** The client has sent this request or notification. */
    void heard(String method) {
        if (changes != null) {
            changes.heard(method);
        }
    }

    /** The client listens again for what it has not asked for. */
    void reachable() {
        if (changes != null) {
            changes.reachable();
        }
    }

    /** The session is over: calls of which nobody would get the answer are not made. */
    void close() {
        deciding.withdrawAll();
        toolLists.tools().close();
        if (changes != null) {
            changes.close();
        }
    }
}
