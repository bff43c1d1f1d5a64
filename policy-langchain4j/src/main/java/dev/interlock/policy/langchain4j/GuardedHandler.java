package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.text.VisibleText;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the transport and the client's own handler. Requests and notifications from the server are decided on;
 * everything else passes. This handler itself awaits only the responses to our own requests, whose ids begin at {@link
 * #OWN_IDS}.
 */
final class GuardedHandler extends McpOperationHandler {

    /** Far above the ids of any counter, but still exact for servers that count in doubles. */
    static final long OWN_IDS = 1L << 52;

    private static final Logger log = LoggerFactory.getLogger(GuardedHandler.class);

    private final Map<Long, CompletableFuture<JsonNode>> own;
    private final McpOperationHandler client;
    private final Function<JsonNode, CompletableFuture<Decision>> methods;
    private final ObjLongConsumer<Decision> refuse;
    private final Runnable toolsChanged;

    /**
     * @param client the client's handler
     * @param methods decides on a request or notification from the server; at once on a notification. It fails
     *     if the server is gone
     * @param refuse tells the server that its request with this id was refused
     * @param toolsChanged runs when the server has other tools
     */
    GuardedHandler(
            McpOperationHandler client,
            Function<JsonNode, CompletableFuture<Decision>> methods,
            ObjLongConsumer<Decision> refuse,
            Runnable toolsChanged) {
        this(new ConcurrentHashMap<>(), client, methods, refuse, toolsChanged);
    }

    @SuppressWarnings("NullAway") // the base class only sees responses, for which it needs none of these
    private GuardedHandler(
            Map<Long, CompletableFuture<JsonNode>> own,
            McpOperationHandler client,
            Function<JsonNode, CompletableFuture<Decision>> methods,
            ObjLongConsumer<Decision> refuse,
            Runnable toolsChanged) {
        super(own, List::of, null, null, null, null, null, null, null, null, null, null);
        this.own = own;
        this.client = client;
        this.methods = methods;
        this.refuse = refuse;
        this.toolsChanged = toolsChanged;
    }

    @Override
    public void handle(JsonNode message) {
        if (!message.isObject()) {
            log.warn("Dropped a message from the server that is not a JSON object");
        } else if (message.has("id") && (message.has("result") || message.has("error"))) {
            if (isOwn(message.get("id").asLong())) {
                super.handle(message);
            } else {
                client.handle(message);
            }
        } else if (!message.path("method").isTextual()) {
            log.warn("Dropped a message from the server that is not a request, response or notification of JSON-RPC");
        } else if (message.has("id")) {
            request(message);
        } else {
            notification(message);
        }
    }

    /** Hands the client a message of our own, as if its server had sent it. */
    void toClient(JsonNode message) {
        client.handle(message);
    }

    private void notification(JsonNode message) {
        String method = message.get("method").textValue();
        if (method.equals(ListChanges.METHOD)) {
            // Count the change even if the client must not be notified.
            toolsChanged.run();
        }
        if (methods.apply(message).join().allowed()) {
            client.handle(message);
        } else {
            log.debug("Dropped the notification {} of the server's", VisibleText.name(method));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after it
    private void request(JsonNode message) {
        String method = message.get("method").textValue();
        CompletableFuture<Decision> decided = methods.apply(message);
        if (decided.isDone()) {
            decided(message, method, decided.join());
        } else {
            // The client may block while it handles a message. The thread that decides must not.
            decided.thenAcceptAsync(decision -> decided(message, method, decision));
        }
    }

    private void decided(JsonNode message, String method, Decision decision) {
        if (decision.allowed()) {
            client.handle(message);
            return;
        }
        log.debug("Refused {} from the server", VisibleText.name(method));
        if (message.get("id").isIntegralNumber()) {
            refuse.accept(decision, message.get("id").longValue());
        }
    }

    @Override
    public void startOperation(Long id, CompletableFuture<JsonNode> future) {
        if (isOwn(id)) {
            super.startOperation(id, future);
        } else {
            client.startOperation(id, future);
        }
    }

    @Override
    public synchronized void cancelAllPendingOperations(String reason) {
        super.cancelAllPendingOperations(reason);
        client.cancelAllPendingOperations(reason);
    }

    /** The response to this request of ours is no longer awaited. */
    void forget(long id) {
        own.remove(id);
    }

    /** Whether this is the id of one of our own requests. No call may have such an id. */
    static boolean isOwn(long id) {
        return id >= OWN_IDS;
    }
}
