package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.time.TimeSource;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the server for its tools when a check needs a definition and the client has not listed the tools yet. Whoever needs
 * the list while it is being fetched waits for the same one; a list that was read is not fetched again until the server
 * says that it has changed, and one that could not be read not before {@link #PAUSE}.
 */
final class ToolListFetch {

    /** A server that pages for ever must not keep a call waiting for ever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final McpTransport transport;
    private final ToolLists lists;
    private final TimeSource time;
    private final Duration timeout;
    private final LongConsumer forget;
    private final AtomicLong ids = new AtomicLong(GuardedHandler.OWN_IDS);

    private @Nullable CompletableFuture<Boolean> latest;
    private boolean failed;
    private long failedNanos;

    /** @param forget told of the ids whose responses nobody waits for any longer */
    ToolListFetch(McpTransport transport, ToolLists lists, TimeSource time, Duration timeout, LongConsumer forget) {
        this.transport = transport;
        this.lists = lists;
        this.time = time;
        this.timeout = timeout;
        this.forget = forget;
    }

    /** Learns all tools; answers whether that worked. Never fails. */
    @SuppressWarnings("FutureReturnValueIgnored") // its last stage takes every failure
    CompletableFuture<Boolean> learn() {
        CompletableFuture<Boolean> learnt;
        synchronized (this) {
            if (latest != null && !(failed && time.monotonicNanos() - failedNanos >= PAUSE.toNanos())) {
                return latest;
            }
            failed = false;
            learnt = new CompletableFuture<>();
            latest = learnt;
        }
        // Sending may block, which neither the thread that decides nor the one that reads from the server must.
        CompletableFuture.supplyAsync(() -> page(null, 1))
                .thenCompose(pages -> pages)
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((nothing, failure) -> learnt.complete(failure == null || failed(failure)));
        return learnt;
    }

    /** The server has other tools now. */
    synchronized void changed() {
        latest = null;
    }

    private synchronized boolean failed(Throwable failure) {
        log.warn("The list of tools could not be fetched; calls that need it stay denied: {}", failure.toString());
        failed = true;
        failedNanos = time.monotonicNanos();
        return false;
    }

    private CompletableFuture<Void> page(@Nullable String cursor, int number) {
        long id = ids.getAndIncrement();
        CompletableFuture<JsonNode> response;
        try {
            response = transport.executeOperationWithResponse(
                    new McpCallContext(null, new McpListToolsRequest(id, cursor)));
        } catch (RuntimeException e) {
            response = CompletableFuture.failedFuture(e);
        }
        return response.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((answer, failure) -> forget.accept(id))
                .thenComposeAsync(answer -> next(answer, number));
    }

    private CompletableFuture<Void> next(JsonNode response, int number) {
        String cursor = lists.learn(response);
        if (cursor == null) {
            return CompletableFuture.completedFuture(null);
        }
        return number < MAX_PAGES
                ? page(cursor, number + 1)
                : CompletableFuture.failedFuture(
                        new IllegalStateException("the list has more than " + MAX_PAGES + " pages"));
    }
}
