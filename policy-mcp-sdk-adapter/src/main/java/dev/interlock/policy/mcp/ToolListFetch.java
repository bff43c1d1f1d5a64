package dev.interlock.policy.mcp;

import dev.interlock.policy.time.TimeSource;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Asks the server for its tools when the policy needs their definitions and the agent has not listed them yet, or the
 * server has said that they have changed. Whoever needs the list while it is being fetched waits for the same one. It is
 * not fetched again before {@link #PAUSE}, unless it has changed: whoever calls tools that don't exist must not have it
 * fetched each time.
 */
final class ToolListFetch {

    /** A server that pages for ever must not keep a call waiting for ever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final ToolListFilter lists;
    private final TimeSource time;
    private final Duration timeout;
    private final AtomicInteger changes;

    /** How many changes there had been when the list was last learnt. */
    private volatile int learntChanges;

    private @Nullable Mono<Boolean> latest;
    private int latestChanges;
    private long latestNanos;

    /**
     * @param changes how often the server's tools have changed, for all who fetch them
     */
    ToolListFetch(ToolListFilter lists, TimeSource time, Duration timeout, AtomicInteger changes) {
        this.lists = lists;
        this.time = time;
        this.timeout = timeout;
        this.changes = changes;
    }

    /** Whether the tools have changed since they were learnt here. */
    boolean isOutdated() {
        return learntChanges != changes.get();
    }

    /**
     * Learns all tools; answers whether that worked. Never fails.
     *
     * @param server whom to ask
     */
    synchronized Mono<Boolean> learn(Exchange server) {
        long now = time.monotonicNanos();
        int seen = changes.get();
        Mono<Boolean> fetch = latest;
        if (fetch == null || latestChanges != seen || now - latestNanos >= PAUSE.toNanos()) {
            fetch = page(server, null, 1)
                    .timeout(timeout)
                    .then(Mono.fromSupplier(() -> learnt(seen)))
                    .onErrorResume(ToolListFetch::failed)
                    .cache();
            latest = fetch;
            latestChanges = seen;
            latestNanos = now;
        }
        return fetch;
    }

    private boolean learnt(int seen) {
        learntChanges = seen;
        return true;
    }

    private static Mono<Boolean> failed(Throwable failure) {
        log.warn("The list of tools could not be fetched; calls that need it stay denied: {}", failure.toString());
        return Mono.just(false);
    }

    private Mono<Void> page(Exchange server, @Nullable String cursor, int number) {
        JSONRPCRequest request = new JSONRPCRequest(
                McpSchema.METHOD_TOOLS_LIST, OwnExchange.newId(), cursor == null ? Map.of() : Map.of("cursor", cursor));
        return server.send(request)
                .switchIfEmpty(Mono.error(() -> new McpTransportException("the server did not answer")))
                .flatMap(response -> {
                    if (response.error() != null) {
                        return Mono.error(new McpTransportException("the server refused to list its tools"));
                    }
                    String next = lists.learn(response.result());
                    if (next == null || next.isEmpty()) {
                        return Mono.empty();
                    }
                    return number < MAX_PAGES
                            ? page(server, next, number + 1)
                            : Mono.error(new McpTransportException("the list has more than " + MAX_PAGES + " pages"));
                });
    }
}
