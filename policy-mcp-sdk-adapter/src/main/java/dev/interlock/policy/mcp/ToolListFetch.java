package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.ToolListState;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Asks the server for its tools when {@link ToolListState} says so. */
final class ToolListFetch {

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final ToolListState<Mono<Boolean>> state;
    private final Duration timeout;

    ToolListFetch(ToolListState<Mono<Boolean>> state, Duration timeout) {
        this.state = state;
        this.timeout = timeout;
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
     * @param server the way to the server
     * @param meta the {@code _meta} that servers of later protocols require with every request
     */
    Mono<Boolean> learn(Exchange server, Map<String, Object> meta) {
        return state.fetch(
                meta,
                () -> page(server, meta, null, 1)
                        .timeout(timeout)
                        .thenReturn(true)
                        .onErrorResume(this::failed)
                        .cache());
    }

    /** The message may come from the server, and may have several lines. */
    private Mono<Boolean> failed(Throwable failure) {
        state.failed();
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
        Listing list = tools().listing(cursor);
        return server.send(SdkRecords.request(McpSchema.METHOD_TOOLS_LIST, AdapterRequests.newId(), params))
                .switchIfEmpty(Mono.error(() -> new McpTransportException("the server did not answer")))
                .flatMap(response -> {
                    if (response.error() != null) {
                        return Mono.error(new McpTransportException("the server refused to list its tools"));
                    }
                    String next = ToolListFilter.page(response.result()).learn(list);
                    if (next == null) {
                        return Mono.empty();
                    }
                    ToolListState.requireFewer(number);
                    return page(server, meta, next, number + 1);
                });
    }
}
