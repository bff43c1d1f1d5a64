package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.text.VisibleText;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Decides what the client may see of the messages that come from the server while a request is under way.
 *
 * @param id the id of the request
 * @param toolListChanges counts the changes that the server reports
 * @param shown returns what the client may see of the response
 * @param lost called if it is not certain that a response answers the request
 */
record ModernIncoming(
        Object id,
        Methods methods,
        AtomicInteger toolListChanges,
        Function<JSONRPCResponse, Mono<JSONRPCResponse>> shown,
        Runnable lost)
        implements Function<JSONRPCMessage, Mono<JSONRPCMessage>> {

    private static final Logger log = LoggerFactory.getLogger(ModernIncoming.class);

    @Override
    public Mono<JSONRPCMessage> apply(JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response) {
            return answer(response).cast(JSONRPCMessage.class);
        }
        if (message instanceof JSONRPCNotification notification) {
            if (McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED.equals(notification.method())) {
                // Count the change even if the client must not be notified.
                toolListChanges.incrementAndGet();
            }
            if (methods.toldByServer(ModernMessages.legacy(notification)).allowed()) {
                return Mono.just(notification);
            }
            log.debug("Dropped the notification {} of the server's", VisibleText.name(notification.method()));
        } else {
            log.warn("Dropped a message from the server that is not a response or notification of JSON-RPC");
        }
        return Mono.empty();
    }

    @Override
    public String toString() {
        return "what comes for a request";
    }

    /** Whether a response has the id of a request. */
    static boolean answers(JSONRPCResponse response, Object id) {
        Object answered = response.id();
        return answered != null && JsonRpcIds.key(answered).equals(JsonRpcIds.key(id));
    }

    /** What the client may see of a response. */
    Mono<JSONRPCResponse> answer(JSONRPCResponse response) {
        if (answers(response, id)) {
            return shown.apply(response);
        }
        lost.run();
        // A server that can't read a request doesn't know its id.
        return response.id() == null && response.error() != null
                ? shown.apply(response)
                : Mono.just(ModernMessages.internalError(id, "The server answered another request than this one."));
    }
}
