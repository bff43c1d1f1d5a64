package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * What lives from one {@code connect} to the next: who is to be told of messages, and which responses are awaited. A
 * client that has lost its session connects again through the same transport, with ids that start anew.
 *
 * @param handler takes messages in, for the client
 * @param pending the requests that await a response
 * @param own puts requests on our own account
 * @param deciding the calls that are being decided
 * @param toolLists fetches the list of tools
 * @param changes tells the client of changes of that list
 * @param unsubscribe has the engine tell of changes no longer
 */
record Connection(
        Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler,
        PendingRequests pending,
        AdapterRequests own,
        UndecidedCalls deciding,
        ToolListFetch toolLists,
        ListChanges changes,
        Runnable unsubscribe) {

    /** Hands the client a message as if its peer had sent it, unless it answers a request of our own. */
    Mono<Void> deliver(JSONRPCResponse message) {
        if (AdapterRequests.isOurs(message.id()) && pending.take(message.id()) instanceof Pending.Own request) {
            request.sink().success(message);
            return Mono.empty();
        }
        return handler.apply(Mono.just(message)).then();
    }
}
