package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.KnownNames;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A client's {@code subscriptions/listen}. If the client wants to know of changes to the list of tools, it is also told
 * of those that a new policy or tool lock makes, once the server has acknowledged the subscription.
 */
final class ModernListening {

    static final String METHOD = "subscriptions/listen";

    private static final String ACKNOWLEDGED = "notifications/subscriptions/acknowledged";
    private static final String NOTIFICATIONS = "notifications";

    /** Some servers would take other names for it. */
    private static final KnownNames NAMES = KnownNames.of("resourceSubscriptions");

    private static final String CHANGED = McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED;

    private ModernListening() {}

    /**
     * What of a subscription the policy allows: who may not subscribe to resources may not do so here either.
     *
     * @throws RuntimeException if what is subscribed to can't be read
     */
    static Map<String, @Nullable Object> allowed(PolicyEngine engine, Map<String, @Nullable Object> params) {
        Object filter = params.get(NOTIFICATIONS);
        if (filter == null) {
            return params;
        }
        Map<String, @Nullable Object> members = ModernMessages.members(filter);
        if (!engine.decideMethod(McpSchema.METHOD_RESOURCES_SUBSCRIBE).allowed()) {
            members.keySet().removeIf(name -> NAMES.meant(name) != null);
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(params);
        copy.put(NOTIFICATIONS, members);
        return copy;
    }

    /**
     * Adds the notifications of changes to what the server sends.
     *
     * @param id the id of the request, by which its notifications name it
     * @param params the parameters of the request
     * @param server what the server sends
     */
    static Flux<JSONRPCMessage> withChanges(
            PolicyEngine engine, Object id, Map<String, ?> params, Flux<JSONRPCMessage> server) {
        if (!(params.get(NOTIFICATIONS) instanceof Map<?, ?> filter)
                || !Boolean.TRUE.equals(filter.get("toolsListChanged"))) {
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
        return message instanceof JSONRPCNotification told && told.method().equals(ACKNOWLEDGED);
    }
}
