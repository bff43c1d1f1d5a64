package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.JsonRpcIds;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.KnownNames;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How the client of one connection wants to be told of changes to its list of tools: unasked, before MCP 2026-07-28, or
 * with {@code subscriptions/listen}. A subscription counts once the server has acknowledged it. Thread-safe.
 */
final class Subscriptions {

    static final String METHOD = "subscriptions/listen";
    static final String ACKNOWLEDGED = "notifications/subscriptions/acknowledged";
    static final String NOTIFICATIONS = "notifications";

    private static final String TOOL_LISTS = "toolsListChanged";

    /** The most subscriptions of one connection. Clients need one. */
    private static final int MOST = 1_000;

    /** Some servers would take other names for it. */
    private static final KnownNames NAMES = KnownNames.of("resourceSubscriptions");

    private final Map<Object, Subscription> open = new LinkedHashMap<>();
    private boolean unasked;

    /** One subscription. Guarded by the table. */
    private static final class Subscription {
        final Object id;
        boolean acknowledged;
        /** Whether something has changed before the acknowledgement. */
        boolean missed;

        Subscription(Object id) {
            this.id = id;
        }
    }

    /**
     * What of a subscription the policy allows: who may not subscribe to resources may not do so here either. Nor may
     * anybody whose policy has conditions or limits for that: they are about one resource, and here are many at once.
     *
     * @param converter converts objects of an unknown Java type to plain JSON
     * @throws RuntimeException if what is subscribed to can't be read
     */
    static Map<String, @Nullable Object> allowed(
            PolicyEngine engine, Map<String, ? extends @Nullable Object> params, UnaryOperator<Object> converter) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(params);
        Object filter = copy.get(NOTIFICATIONS);
        if (filter != null) {
            Map<Object, @Nullable Object> members =
                    new LinkedHashMap<>((Map<?, ?>) (filter instanceof Map ? filter : converter.apply(filter)));
            String method = McpSchema.METHOD_RESOURCES_SUBSCRIBE;
            if (!engine.decideMethod(method).allowed() || engine.readsParameters(method)) {
                members.keySet().removeIf(name -> NAMES.meant((String) name) != null);
            }
            copy.put(NOTIFICATIONS, members);
        }
        return copy;
    }

    /** Whether a subscription with these parameters is to changes of the list of tools. */
    static boolean isToToolLists(Map<String, ?> params) {
        return params.get(NOTIFICATIONS) instanceof Map<?, ?> filter && Boolean.TRUE.equals(filter.get(TOOL_LISTS));
    }

    /** The client is told unasked. */
    synchronized void unasked() {
        unasked = true;
    }

    /** Adds the subscription that this request asks for. Returns false if there are too many. */
    synchronized boolean add(Object id) {
        if (open.size() >= MOST) {
            return false;
        }
        open.put(JsonRpcIds.key(id), new Subscription(id));
        return true;
    }

    /** The request with this id has ended. */
    synchronized void remove(Object id) {
        open.remove(JsonRpcIds.key(id));
    }

    /** Whether this is a subscription that has not been acknowledged yet. */
    synchronized boolean awaits(@Nullable Object id) {
        Subscription subscription = id == null ? null : open.get(JsonRpcIds.key(id));
        return subscription != null && !subscription.acknowledged;
    }

    /** The client has seen the acknowledgement. Returns whether there was a change before it. */
    synchronized boolean acknowledged(Object id) {
        Subscription subscription = open.get(JsonRpcIds.key(id));
        if (subscription == null) {
            return false;
        }
        subscription.acknowledged = true;
        boolean missed = subscription.missed;
        subscription.missed = false;
        return missed;
    }

    /** The notifications that tell the client of a change now. */
    synchronized List<JSONRPCNotification> changed() {
        List<JSONRPCNotification> told = new ArrayList<>();
        if (unasked) {
            told.add(SdkRecords.notification(ListChanges.METHOD, null));
        }
        for (Subscription subscription : open.values()) {
            if (subscription.acknowledged) {
                told.add(SdkRecords.notification(
                        ListChanges.METHOD, Map.of(Envelope.META, Map.of(Envelope.SUBSCRIPTION_ID, subscription.id))));
            } else {
                subscription.missed = true;
            }
        }
        return told;
    }

    /** The number of subscriptions; for tests. */
    synchronized int size() {
        return open.size();
    }
}
