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
 * Asks the server for its tools when the policy needs their definitions and the agent has not listed them yet, or the
 * server has said that they have changed. Whoever needs the list while it is being fetched waits for the same one. It is
 * not fetched again before {@link #PAUSE}, unless it has changed: whoever calls tools that don't exist must not have it
 * fetched each time. A list that the agent asks for meanwhile counts as well.
 */
final class ToolListFetch {

    /** A server that pages for ever must not keep a call waiting for ever. */
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
     * @param tools where they are learnt
     * @param changes how often the server's tools have changed, for all who fetch them
     */
    ToolListFetch(AnnouncedTools tools, TimeSource time, Duration timeout, AtomicInteger changes) {
        this.tools = tools;
        this.time = time;
        this.timeout = timeout;
        this.changes = changes;
    }

    /** What has been announced over the connection. */
    AnnouncedTools tools() {
        return tools;
    }

    /**
     * Learns all tools; answers whether that worked. Never fails.
     *
     * @param server whom to ask
     * @param meta the {@code _meta} that servers of later protocols want with every request; a failure of somebody else's
     *     request, which may have had another, counts for nothing
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

    /** The message may be the server's, and of several lines. */
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
