package dev.interlock.policy.mcp;

import dev.interlock.policy.time.TimeSource;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransport;
import io.modelcontextprotocol.spec.McpTransportException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Asks the server for its tools when a check needs a schema and the agent has not listed the tools yet. Whoever needs
 * the list while it is being fetched waits for the same one; a list that was read is not fetched again until the server
 * says that it has changed, and one that could not be read not before {@link #PAUSE}.
 */
final class ToolListFetch {

    /** Ids of requests that are ours begin so. */
    private static final String ID_PREFIX = "dev.interlock/tools-list-";

    /** A server that pages for ever must not keep a call waiting for ever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(ToolListFetch.class);

    private final McpTransport transport;
    private final PendingRequests pending;
    private final ToolListFilter lists;
    private final TimeSource time;
    private final Duration timeout;
    private final AtomicLong ids = new AtomicLong();

    private @Nullable Mono<Boolean> latest;
    private boolean failed;
    private long failedNanos;

    ToolListFetch(
            McpTransport transport, PendingRequests pending, ToolListFilter lists, TimeSource time, Duration timeout) {
        this.transport = transport;
        this.pending = pending;
        this.lists = lists;
        this.time = time;
        this.timeout = timeout;
    }

    /** Whether this is the id of a request of ours; its response is not for the agent, however late it comes. */
    static boolean isOurs(Object id) {
        return id instanceof String text && text.startsWith(ID_PREFIX);
    }

    /** Learns all tools; answers whether that worked. Never fails. */
    synchronized Mono<Boolean> learn() {
        if (latest != null && failed && time.monotonicNanos() - failedNanos >= PAUSE.toNanos()) {
            latest = null;
        }
        if (latest == null) {
            failed = false;
            latest = page(null, 1)
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

    private Mono<Void> page(@Nullable String cursor, int number) {
        return exchange(cursor).flatMap(response -> {
            if (response.error() != null) {
                return Mono.error(new McpTransportException("the server refused to list its tools"));
            }
            String next = lists.learn(response.result());
            if (next == null || next.isEmpty()) {
                return Mono.empty();
            }
            return number < MAX_PAGES
                    ? page(next, number + 1)
                    : Mono.error(new McpTransportException("the list has more than " + MAX_PAGES + " pages"));
        });
    }

    private Mono<JSONRPCResponse> exchange(@Nullable String cursor) {
        return Mono.create(sink -> {
            String id = ID_PREFIX + ids.incrementAndGet();
            Pending awaited = new Pending.OwnToolList(sink);
            if (!pending.add(id, awaited)) {
                sink.error(new McpTransportException("the connection is closed"));
                return;
            }
            JSONRPCRequest request = new JSONRPCRequest(
                    McpSchema.METHOD_TOOLS_LIST, id, cursor == null ? Map.of() : Map.of("cursor", cursor));
            Disposable sending = transport
                    .sendMessage(request)
                    .contextWrite(sink.contextView())
                    .subscribe(nothing -> {}, failure -> {
                        pending.forget(id, awaited);
                        sink.error(failure);
                    });
            sink.onCancel(sending);
        });
    }
}
