package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpListToolsParams;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the server for its tools when {@link ToolListState} says so. */
final class ToolListQuery {

    /** Shared by all instances: a late response on an earlier connection must not be taken for another request's. */
    private static final AtomicLong IDS = new AtomicLong(GuardedHandler.OWN_IDS);

    private static final Logger log = LoggerFactory.getLogger(ToolListQuery.class);

    private final McpTransport transport;
    private final ToolListState<CompletableFuture<Boolean>> state;
    private final Duration timeout;
    private final LongConsumer forget;

    /**
     * @param forget receives the ids whose responses are no longer awaited
     */
    ToolListQuery(
            McpTransport transport,
            ToolListState<CompletableFuture<Boolean>> state,
            Duration timeout,
            LongConsumer forget) {
        this.transport = transport;
        this.state = state;
        this.timeout = timeout;
        this.forget = forget;
    }

    /** The tools that were announced over this connection. */
    AnnouncedTools tools() {
        return state.tools();
    }

    boolean isNeeded(PolicyEngine engine, ToolCall call) {
        return state.isNeeded(engine, call);
    }

    /**
     * Fetches all tools and returns whether that worked. Never fails.
     *
     * @param meta the {@code _meta} that servers of later protocols require with every request; empty if there is none
     */
    CompletableFuture<Boolean> learn(Map<String, Object> meta) {
        return state.fetch(meta, () -> fetch(meta));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its last stage handles every failure
    private CompletableFuture<Boolean> fetch(Map<String, Object> meta) {
        CompletableFuture<Boolean> learnt = new CompletableFuture<>();
        // Sending may block. Neither the thread that decides nor the one that reads from the server may do so.
        CompletableFuture.supplyAsync(() -> page(meta, null, 1))
                .thenCompose(pages -> pages)
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((nothing, failure) -> learnt.complete(failure == null || failed(failure)));
        return learnt;
    }

    private boolean failed(Throwable failure) {
        state.failed();
        log.warn(
                "The list of tools could not be fetched; calls that need it are denied ({})",
                failure.getClass().getName());
        return false;
    }

    private CompletableFuture<Void> page(Map<String, Object> meta, @Nullable String cursor, int number) {
        long id = IDS.getAndIncrement();
        Listing list = tools().listing(cursor);
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

    private static McpListToolsRequest request(long id, Map<String, Object> meta, @Nullable String cursor) {
        McpListToolsRequest request = new McpListToolsRequest(id, cursor);
        if (!meta.isEmpty()) {
            if (request.getParams() == null) {
                request.setParams(new McpListToolsParams());
            }
            request.getParams().setMeta(meta);
        }
        return request;
    }

    private CompletableFuture<Void> next(JsonNode response, Listing list, Map<String, Object> meta, int number) {
        String cursor = ToolLists.learn(response, list);
        if (cursor == null) {
            return CompletableFuture.completedFuture(null);
        }
        ToolListState.requireFewer(number);
        return page(meta, cursor, number + 1);
    }
}
