package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A client's {@code subscriptions/listen}. If the client wants to know of changes to the list of tools, it is also told
 * of those that a new policy or tool lock makes, once the server has acknowledged the subscription.
 */
final class ModernListening {

    private static final String CHANGED = McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED;

    private ModernListening() {}

    /**
     * Adds the notifications of changes to what the server sends.
     *
     * @param id the id of the request, by which its notifications name it
     * @param params the parameters of the request
     * @param server what the server sends
     */
    static Flux<JSONRPCMessage> withChanges(
            PolicyEngine engine, Object id, Map<String, ?> params, Flux<JSONRPCMessage> server) {
        if (!Subscriptions.isToToolLists(params)) {
            return server;
        }
        JSONRPCNotification changed =
                ModernMessages.notification(CHANGED, Map.of("_meta", Map.of(MetaKeys.SUBSCRIPTION_ID, id)));
        return Flux.defer(() -> {
            Sinks.Empty<Void> acknowledged = Sinks.empty();
            Sinks.Empty<Void> over = Sinks.empty();
            // Any number of changes that a client has not taken yet are one. It takes none before the acknowledgement.
            Flux<JSONRPCMessage> changes = Flux.create(
                    sink -> sink.onDispose(engine.onChange(() -> {
                        if (engine.decideMethod(CHANGED).allowed()) {
                            sink.next(changed);
                        }
                    })::run),
                    FluxSink.OverflowStrategy.LATEST);
            Flux<JSONRPCMessage> messages = server.concatMap(message -> isAcknowledgement(message)
                            ? Flux.just(message).concatWith(Mono.fromRunnable(acknowledged::tryEmitEmpty))
                            : Flux.just(message))
                    .doFinally(signal -> over.tryEmitEmpty());
            // The changes first: a server may acknowledge at once, and its client may cause one at once.
            return changes.concatMap(change -> acknowledged.asMono().thenReturn(change), 1)
                    .takeUntilOther(over.asMono())
                    .mergeWith(messages);
        });
    }

    private static boolean isAcknowledgement(JSONRPCMessage message) {
        return message instanceof JSONRPCNotification told && told.method().equals(Subscriptions.ACKNOWLEDGED);
    }
}
