package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.time.TimeSource;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the server for its tools when the policy needs a definition that nobody has listed yet. Whoever needs the list while
 * it is being fetched waits for the same one; it is fetched again when the server says that it has changed, else not before
 * {@link #PAUSE}.
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

    private final AtomicInteger changes = new AtomicInteger();

    private @Nullable CompletableFuture<Boolean> latest;
    private int latestChanges;
    private long latestNanos;
    /** How many changes there had been when the tools were learnt last. */
    private volatile int learntChanges;

    /** @param forget told of the ids whose responses nobody waits for any longer */
    ToolListFetch(McpTransport transport, ToolLists lists, TimeSource time, Duration timeout, LongConsumer forget) {
        this.transport = transport;
        this.lists = lists;
        this.time = time;
        this.timeout = timeout;
        this.forget = forget;
    }

    /** Whether the tools have changed since they were learnt here. */
    boolean isOutdated() {
        return learntChanges != changes.get();
    }

    /** Learns all tools; answers whether that worked. Never fails. */
    @SuppressWarnings("FutureReturnValueIgnored") // its last stage takes every failure
    CompletableFuture<Boolean> learn() {
        CompletableFuture<Boolean> learnt;
        int seen = changes.get();
        synchronized (this) {
            long now = time.monotonicNanos();
            if (latest != null && latestChanges == seen && now - latestNanos < PAUSE.toNanos()) {
                return latest;
            }
            learnt = new CompletableFuture<>();
            latest = learnt;
            latestChanges = seen;
            latestNanos = now;
        }
        // Sending may block, which neither the thread that decides nor the one that reads from the server must.
        CompletableFuture.supplyAsync(() -> page(null, 1))
                .thenCompose(pages -> pages)
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((nothing, failure) -> learnt.complete(learnt(seen, failure)));
        return learnt;
    }

    private boolean learnt(int seen, @Nullable Throwable failure) {
        if (failure != null) {
            log.warn(
                    "The list of tools could not be fetched; calls that need it stay denied ({})",
                    failure.getClass().getName());
            return false;
        }
        learntChanges = seen;
        return true;
    }

    /** The server has other tools now. */
    void changed() {
        changes.incrementAndGet();
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
