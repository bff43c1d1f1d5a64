package dev.interlock.policy.mcp;

import dev.interlock.policy.time.TimeSource;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Asks the server for its tools when a check needs a schema and the agent has not listed the tools yet. Whoever needs
 * the list while it is being fetched waits for the same one; a list that was read is not fetched again until the server
 * says that it has changed, and one that could not be read not before {@link #PAUSE}.
 */
final class ToolListFetch {

    /** A server that pages for ever must not keep a call waiting for ever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final ToolListFilter lists;
    private final TimeSource time;
    private final Duration timeout;

    private @Nullable Mono<Boolean> latest;
    private boolean failed;
    private long failedNanos;

    ToolListFetch(ToolListFilter lists, TimeSource time, Duration timeout) {
        this.lists = lists;
        this.time = time;
        this.timeout = timeout;
    }

    /**
     * Learns all tools; answers whether that worked. Never fails.
     *
     * @param server whom to ask
     */
    synchronized Mono<Boolean> learn(Exchange server) {
        if (latest != null && failed && time.monotonicNanos() - failedNanos >= PAUSE.toNanos()) {
            latest = null;
        }
        if (latest == null) {
            failed = false;
            latest = page(server, null, 1)
                    .timeout(timeout)
                    .thenReturn(true)
                    .onErrorResume(this::failed)
                    .cache();
        }
        return latest;
    }

    /** The server has other tools now. */
    synchronized void changed() {
        latest = null;
    }

    private synchronized Mono<Boolean> failed(Throwable failure) {
        log.warn("The list of tools could not be fetched; calls that need it stay denied: {}", failure.toString());
        failed = true;
        failedNanos = time.monotonicNanos();
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
