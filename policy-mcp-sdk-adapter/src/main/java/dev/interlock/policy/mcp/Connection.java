package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.adapter.PendingCalls;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The state from one {@code connect} to the next: where messages go, and which responses are awaited. A client that has
 * lost its session connects again through the same transport, with ids that start over.
 *
 * @param handler receives messages for the client
 * @param pending the requests that await a response
 * @param asked the server's requests that await the client's response and have something reserved
 * @param own sends our own requests
 * @param deciding the calls that are being decided
 * @param toolLists fetches the list of tools
 * @param changes notifies the client of changes to that list
 * @param subscriptions how the client wants to be notified
 * @param approvals asks the client's person for approvals; null if that person must not be asked
 */
record Connection(
        Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler,
        PendingCalls<PendingRequest> pending,
        PendingCalls<GuardedCall> asked,
        AdapterRequests own,
        UndecidedCalls deciding,
        ToolListFetch toolLists,
        ListChanges changes,
        Subscriptions subscriptions,
        @Nullable ElicitedApprovals approvals) {

    /** Hands the client a message as if its peer had sent it, unless it answers one of our own requests. */
    Mono<Void> deliver(JSONRPCResponse message) {
        if (AdapterRequests.isOurs(message.id()) && pending.take(message.id()) instanceof PendingRequest.Own request) {
            request.sink().success(message);
            return Mono.empty();
        }
        return handler.apply(Mono.just(message)).then();
    }

    /** Called when the client has sent a request or notification. */
    void heard(String method, @Nullable Object params) {
        if (ListChanges.begins(method) && !Envelope.isIn(params)) {
            subscriptions.unasked();
            changes.begin();
        }
    }

    /** The connection has ended. */
    void end() {
        pending.close();
        asked.close();
        deciding.withdrawAll();
        toolLists.tools().close();
        changes.close();
        if (approvals != null) {
            approvals.close();
        }
    }
}
