package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.InitializeResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Notifies one client, in its server's place, that the list of tools has changed because the policy or the tool lock
 * has. Sends nothing before the session is in operation, and one notification at a time: any number of changes that
 * happen while a slow client is being notified lead to one more notification. A thread that makes a change doesn't wait
 * for it. Thread-safe.
 */
final class ListChanges {

    private static final Logger log = LoggerFactory.getLogger(ListChanges.class);

    private static final String METHOD = McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED;

    private final PolicyEngine engine;
    private final Supplier<Mono<Void>> telling;

    /** The number of changes that have not been notified yet. The thread that raises it to 1 sends. */
    private final AtomicInteger untold = new AtomicInteger();

    private final AtomicBoolean missed = new AtomicBoolean();
    private volatile boolean operating;

    /**
     * @param telling sends the notification
     */
    ListChanges(PolicyEngine engine, Supplier<Mono<Void>> telling) {
        this.engine = engine;
        this.telling = telling;
    }

    /**
     * Called when the client has sent this request or notification. From now on the client may get notifications of
     * changes, if the method shows that the session is in operation.
     */
    void heard(String method) {
        if (method.equals(McpSchema.METHOD_NOTIFICATION_INITIALIZED) || method.equals(McpSchema.METHOD_TOOLS_LIST)) {
            operating = true;
        }
    }

    /** Ends the session. */
    void close() {
        operating = false;
    }

    /** Called when the visible part of the list may have changed. */
    void changed() {
        if (operating && engine.decideMethod(METHOD).allowed() && untold.getAndIncrement() == 0) {
            tell(1);
        }
    }

    /** Called when the client can be reached again. */
    void reachable() {
        if (missed.get() && missed.compareAndSet(true, false)) {
            changed();
        }
    }

    private void tell(int seen) {
        Mono.defer(telling)
                .onErrorResume(failure -> {
                    log.debug(
                            "A client could not be told that its list of tools has changed",
                            RedactedException.of(failure));
                    missed.set(true);
                    return Mono.empty();
                })
                .subscribeOn(Schedulers.boundedElastic())
                .subscribe(nothing -> {}, failure -> {}, () -> {
                    if (untold.addAndGet(-seen) > 0) {
                        tell(untold.get());
                    }
                });
    }

    /**
     * Returns the answer to {@code initialize}, changed to announce that the list of tools may change, since it does
     * when the policy or the tool lock changes. Returns the same answer if it announces that already, if the server has
     * no tools, or if the policy lets no client receive the notification.
     */
    @Nullable
    Object announced(@Nullable Object result) {
        if (result instanceof InitializeResult typed) {
            return announced(typed);
        }
        if (engine.decideMethod(METHOD).allowed()
                && result instanceof Map<?, ?> answer
                && answer.get("capabilities") instanceof Map<?, ?> capabilities
                && capabilities.get("tools") instanceof Map<?, ?> tools
                && !Boolean.TRUE.equals(tools.get("listChanged"))) {
            return with(answer, "capabilities", with(capabilities, "tools", with(tools, "listChanged", true)));
        }
        return result;
    }

    private static Map<Object, Object> with(Map<?, ?> map, String key, Object value) {
        Map<Object, Object> copy = new LinkedHashMap<>(map);
        copy.put(key, value);
        return copy;
    }

    /** Does the same for an answer that the SDK has made. */
    InitializeResult announced(InitializeResult answer) {
        ServerCapabilities capabilities = answer.capabilities();
        if (!engine.decideMethod(METHOD).allowed()
                || capabilities == null
                || capabilities.tools() == null
                || Boolean.TRUE.equals(capabilities.tools().listChanged())) {
            return answer;
        }
        return new InitializeResult(
                answer.protocolVersion(),
                capabilities.mutate().tools(true).build(),
                answer.serverInfo(),
                answer.instructions(),
                answer.meta());
    }
}
