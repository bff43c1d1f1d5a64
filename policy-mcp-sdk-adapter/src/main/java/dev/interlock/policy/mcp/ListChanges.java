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
 * Tells one client, in its server's place, that the list of tools has changed because what is enforced has. Not before the
 * session is in operation, and one telling at a time: what changes while a slow client is told makes one more of it, however
 * often it changes. Whoever changes something does not wait for it. Thread-safe.
 */
final class ListChanges {

    private static final Logger log = LoggerFactory.getLogger(ListChanges.class);

    private static final String METHOD = McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED;

    private final PolicyEngine engine;
    private final Supplier<Mono<Void>> telling;

    /** How many changes have yet to be told of. Whoever makes it 1 tells. */
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

    /** The client has sent this request or notification, and may so be told of changes from now on. */
    void heard(String method) {
        if (method.equals(McpSchema.METHOD_NOTIFICATION_INITIALIZED) || method.equals(McpSchema.METHOD_TOOLS_LIST)) {
            operating = true;
        }
    }

    /** The session is over. */
    void close() {
        operating = false;
    }

    /** What may be shown of the list has changed. */
    void changed() {
        if (operating && engine.decideMethod(METHOD).allowed() && untold.getAndIncrement() == 0) {
            tell(1);
        }
    }

    /** The client can be reached again. */
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
     * The answer to {@code initialize} that says that the list of tools may change, since it does with what is enforced: the
     * same answer if it says so already, if the server has no tools, or if the policy lets no client hear of it.
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

    /** The same of an answer that the SDK has made. */
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
