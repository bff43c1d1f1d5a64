package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies the client, in its server's place, that the list of tools has changed because the policy or the tool lock
 * has. Sends nothing before the session is in operation, and one notification at a time: any number of changes that
 * happen while a slow client is being notified lead to one more notification. A thread that makes a change doesn't wait
 * for it. Thread-safe.
 */
final class ListChanges {

    private static final Logger log = LoggerFactory.getLogger(ListChanges.class);

    static final String METHOD = "notifications/tools/list_changed";

    private final PolicyEngine engine;
    /** The number of changes that have not been notified yet. The thread that raises it to 1 sends. */
    private final AtomicInteger untold = new AtomicInteger();

    private @Nullable GuardedHandler client;
    private boolean operating;
    private @Nullable Runnable unsubscribe;

    ListChanges(PolicyEngine engine) {
        this.engine = engine;
    }

    /** Begins a session, whose client is notified through this handler. */
    synchronized void start(GuardedHandler handler) {
        client = handler;
        operating = false;
        if (unsubscribe == null) {
            unsubscribe = engine.onChange(this::changed);
        }
    }

    /** Called when the session is in operation. */
    synchronized void initialized() {
        operating = true;
    }

    synchronized void close() {
        client = null;
        if (unsubscribe != null) {
            unsubscribe.run();
            unsubscribe = null;
        }
    }

    private synchronized @Nullable GuardedHandler reachable() {
        return operating ? client : null;
    }

    private void changed() {
        if (reachable() != null && engine.decideMethod(METHOD).allowed() && untold.getAndIncrement() == 0) {
            CompletableFuture<Void> unused = CompletableFuture.runAsync(this::tell);
        }
    }

    private void tell() {
        int seen = untold.get();
        while (seen > 0) {
            GuardedHandler handler = reachable();
            if (handler != null) {
                try {
                    handler.toClient(notification());
                } catch (RuntimeException e) {
                    log.debug(
                            "The client could not be told that its list of tools has changed ({})",
                            e.getClass().getName());
                }
            }
            seen = untold.addAndGet(-seen);
        }
    }

    private static JsonNode notification() {
        return JsonNodeFactory.instance.objectNode().put("jsonrpc", "2.0").put("method", METHOD);
    }
}
