package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpListToolsParams;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the server for its tools when the policy needs a definition that has not been listed yet. All calls that need
 * the list while it is being fetched wait for the same fetch. The list is fetched again when the server reports a
 * change, otherwise not within {@link #PAUSE}.
 */
final class ToolListFetch {

    /** A server that returns pages without end must not keep a call waiting forever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Shared by all instances: a late response on an earlier connection must not be taken for another request's. */
    private static final AtomicLong IDS = new AtomicLong(GuardedHandler.OWN_IDS);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final McpTransport transport;
    private final AnnouncedTools tools;
    private final TimeSource time;
    private final Duration timeout;
    private final LongConsumer forget;
    private final AtomicInteger changes;

    private @Nullable CompletableFuture<Boolean> latest;
    private int latestChanges;
    private long latestNanos;
    private @Nullable Map<String, Object> latestMeta;
    private volatile boolean latestFailed;

    /**
     * @param tools stores the tools
     * @param changes how often the server's tools have changed
     * @param forget receives the ids whose responses are no longer awaited
     */
    ToolListFetch(
            McpTransport transport,
            AnnouncedTools tools,
            AtomicInteger changes,
            TimeSource time,
            Duration timeout,
            LongConsumer forget) {
        this.transport = transport;
        this.tools = tools;
        this.changes = changes;
        this.time = time;
        this.timeout = timeout;
        this.forget = forget;
    }

    /** The tools that were announced over this connection. */
    AnnouncedTools tools() {
        return tools;
    }

    /**
     * Fetches all tools and returns whether that worked. Never fails.
     *
     * @param meta the {@code _meta} that servers of later protocols require with every request; null if there is none.
     *     If a request with another {@code _meta} has failed, this one is tried all the same
     */
    @SuppressWarnings("FutureReturnValueIgnored") // its last stage handles every failure
    CompletableFuture<Boolean> learn(@Nullable Map<String, Object> meta) {
        CompletableFuture<Boolean> learnt;
        int seen = changes.get();
        synchronized (this) {
            long now = time.monotonicNanos();
            boolean ofUse = !latestFailed || Objects.equals(meta, latestMeta);
            if (latest != null && latestChanges == seen && now - latestNanos < PAUSE.toNanos() && ofUse) {
                return latest;
            }
            learnt = new CompletableFuture<>();
            latest = learnt;
            latestChanges = seen;
            latestNanos = now;
            latestMeta = meta;
            latestFailed = false;
        }
        // Sending may block. Neither the thread that decides nor the one that reads from the server may do so.
        CompletableFuture.supplyAsync(() -> page(meta, null, 1))
                .thenCompose(pages -> pages)
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((nothing, failure) -> learnt.complete(failure == null || failed(failure)));
        return learnt;
    }

    private boolean failed(Throwable failure) {
        latestFailed = true;
        log.warn(
                "The list of tools could not be fetched; calls that need it are denied ({})",
                failure.getClass().getName());
        return false;
    }

    private CompletableFuture<Void> page(@Nullable Map<String, Object> meta, @Nullable String cursor, int number) {
        long id = IDS.getAndIncrement();
        Listing list = tools.listing(cursor);
        CompletableFuture<JsonNode> response;
        try {
            response = transport.executeOperationWithResponse(new McpCallContext(null, request(id, meta, cursor)));
        } catch (RuntimeException e) {
            response = CompletableFuture.failedFuture(e);
        }
        return response.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((answer, failure) -> forget.accept(id))
                .thenComposeAsync(answer -> next(answer, list, meta, number));
    }

    private static McpListToolsRequest request(long id, @Nullable Map<String, Object> meta, @Nullable String cursor) {
        McpListToolsRequest request = new McpListToolsRequest(id, cursor);
        if (meta != null) {
            if (request.getParams() == null) {
                request.setParams(new McpListToolsParams());
            }
            request.getParams().setMeta(meta);
        }
        return request;
    }

    private CompletableFuture<Void> next(
            JsonNode response, Listing list, @Nullable Map<String, Object> meta, int number) {
        String cursor = ToolLists.learn(response, list);
        if (cursor == null) {
            return CompletableFuture.completedFuture(null);
        }
        return number < MAX_PAGES
                ? page(meta, cursor, number + 1)
                : CompletableFuture.failedFuture(
                        new IllegalStateException("the list has more than " + MAX_PAGES + " pages"));
    }
}
