package dev.interlock.policy.mcp;

import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Asks the server for its tools when the policy needs their definitions, and the agent has not listed them yet or the
 * server has reported a change. All calls that need the list while it is being fetched wait for the same fetch. It is
 * not fetched again within {@link #PAUSE}, unless it has changed: a caller of tools that don't exist must not cause a
 * fetch each time. A list that the agent asks for in the meantime counts as well.
 */
final class ToolListFetch {

    /** A server that returns pages without end must not keep a call waiting forever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final AnnouncedTools tools;
    private final TimeSource time;
    private final Duration timeout;
    private final AtomicInteger changes;

    private @Nullable Mono<Boolean> latest;
    private int latestChanges;
    private long latestNanos;
    private Map<String, Object> latestMeta = Map.of();
    private volatile boolean latestFailed;

    /**
     * @param tools stores the tools
     * @param changes how often the server's tools have changed, for all who fetch them
     */
    ToolListFetch(AnnouncedTools tools, TimeSource time, Duration timeout, AtomicInteger changes) {
        this.tools = tools;
        this.time = time;
        this.timeout = timeout;
        this.changes = changes;
    }

    /** The tools that were announced over this connection. */
    AnnouncedTools tools() {
        return tools;
    }

    /**
     * Fetches all tools and returns whether that worked. Never fails.
     *
     * @param server the way to the server
     * @param meta the {@code _meta} that servers of later protocols require with every request; if a request with
     *     another {@code _meta} has failed, this one is tried all the same
     */
    synchronized Mono<Boolean> learn(Exchange server, Map<String, Object> meta) {
        long now = time.monotonicNanos();
        int seen = changes.get();
        Mono<Boolean> fetch = latest;
        if (fetch == null
                || latestChanges != seen
                || now - latestNanos >= PAUSE.toNanos()
                || (latestFailed && !meta.equals(latestMeta))) {
            fetch = page(server, meta, null, 1)
                    .timeout(timeout)
                    .thenReturn(true)
                    .onErrorResume(this::failed)
                    .cache();
            latest = fetch;
            latestChanges = seen;
            latestNanos = now;
            latestMeta = meta;
            latestFailed = false;
        }
        return fetch;
    }

    /** The message may come from the server, and may have several lines. */
    private Mono<Boolean> failed(Throwable failure) {
        latestFailed = true;
        log.warn(
                "The list of tools could not be fetched; calls that need it are denied ({})",
                failure.getClass().getName());
        return Mono.just(false);
    }

    private Mono<Void> page(Exchange server, Map<String, Object> meta, @Nullable String cursor, int number) {
        Map<String, Object> params = new LinkedHashMap<>();
        if (cursor != null) {
            params.put("cursor", cursor);
        }
        if (!meta.isEmpty()) {
            params.put("_meta", meta);
        }
        Listing list = tools.listing(cursor);
        return server.send(new JSONRPCRequest(McpSchema.METHOD_TOOLS_LIST, AdapterRequests.newId(), params))
                .switchIfEmpty(Mono.error(() -> new McpTransportException("the server did not answer")))
                .flatMap(response -> {
                    if (response.error() != null) {
                        return Mono.error(new McpTransportException("the server refused to list its tools"));
                    }
                    String next = ToolListFilter.learn(response.result(), list);
                    if (next == null) {
                        return Mono.empty();
                    }
                    return number < MAX_PAGES
                            ? page(server, meta, next, number + 1)
                            : Mono.error(new McpTransportException("the list has more than " + MAX_PAGES + " pages"));
                });
    }
}
