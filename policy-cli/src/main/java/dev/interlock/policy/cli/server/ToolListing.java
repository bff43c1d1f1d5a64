package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.mcp.ToolDefinitionReader;
import dev.interlock.policy.mcp.UnreadableResponseException;
import dev.interlock.policy.tool.ToolDefinition;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.spec.ProtocolVersions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks a server for its tools over a transport that delivers the server's messages unchanged. Only answers to its own
 * requests count, and only those of the last listing: if the server reports a change to its list, the listing is
 * dropped and the server is asked again.
 *
 * <p>The server is first asked for the versions of the protocol that it speaks, as from MCP 2026-07-28 on. One that
 * doesn't say so, or doesn't answer, is initialized.
 */
final class ToolListing {

    private static final int MOST_PAGES = 1_000;
    private static final int MOST_TOOLS = 10_000;

    /** How many listings to try if the list keeps changing. The last one counts as it is. */
    private static final int MOST_LISTINGS = 4;

    private static final String VERSION = "2.0";

    static final String DISCOVER = "server/discover";

    private static final String MODERN = "2026-07-28";

    private static final Map<String, Object> INFO = Map.of("name", "interlock", "version", "scan");

    /** What each request carries from that version on. */
    static final Map<String, Object> ENVELOPE = Map.of(
            MetaKeys.PROTOCOL_VERSION, MODERN,
            MetaKeys.CLIENT_INFO, INFO,
            MetaKeys.CLIENT_CAPABILITIES, Map.of());

    /** How long to wait before a server that doesn't say which versions it speaks is initialized. */
    private static final Duration PROBE = Duration.ofSeconds(3);

    private final McpClientTransport transport;
    private final Duration timeout;
    private final boolean probes;
    private volatile boolean introduced;
    private Map<String, Object> envelope = Map.of();

    private final AtomicInteger ids = new AtomicInteger();
    private final AtomicInteger changes = new AtomicInteger();
    private final Map<Object, CompletableFuture<JSONRPCResponse>> awaited = new ConcurrentHashMap<>();
    private final CompletableFuture<JSONRPCResponse> ended = new CompletableFuture<>();

    /**
     * @param timeout how long each answer may take
     * @param probes whether to ask for the versions that the server speaks
     */
    ToolListing(McpClientTransport transport, Duration timeout, boolean probes) {
        this.transport = transport;
        this.timeout = timeout;
        this.probes = probes;
    }

    /** Whether the server has said something about itself. */
    boolean isIntroduced() {
        return introduced;
    }

    /** Ends all waiting: the server gives no more answers. */
    void end(String reason) {
        ended.completeExceptionally(new ServerException(reason));
    }

    /**
     * Returns the tools from all pages, in the server's order.
     *
     * @throws ServerException if they can't be listed
     */
    List<ToolDefinition> tools() throws InterruptedException {
        transport
                .connect(incoming -> incoming.doOnNext(this::hear)
                        .onErrorResume(UnreadableResponseException.class, failure -> {
                            fail(failure.id(), new ServerException(String.valueOf(failure.getMessage())));
                            return Mono.empty();
                        })
                        .then(Mono.empty()))
                .block();
        Map<?, ?> server = introduced();
        introduced = true;
        if (!(server.get("capabilities") instanceof Map<?, ?> capabilities) || capabilities.get("tools") == null) {
            return List.of();
        }
        for (int i = 1; ; i++) {
            int before = changes.get();
            List<ToolDefinition> tools = pages();
            if (before == changes.get() || i == MOST_LISTINGS) {
                return tools;
            }
        }
    }

    /** What the server says about itself. From then on, requests have the form that it expects. */
    private Map<?, ?> introduced() throws InterruptedException {
        CompletableFuture<Map<?, ?>> discovered = probes
                ? begin(DISCOVER, Map.of("_meta", ENVELOPE)).thenApply(ToolListing::speaksModern)
                : CompletableFuture.failedFuture(new ServerException("it was not asked"));
        if (probes) {
            Map<?, ?> said = soon(discovered);
            if (said != null) {
                envelope = Map.of("_meta", ENVELOPE);
                return said;
            }
        }
        CompletableFuture<Map<?, ?>> initialized = begin(
                        McpSchema.METHOD_INITIALIZE,
                        Map.of(
                                "protocolVersion",
                                ProtocolVersions.MCP_2025_11_25,
                                "capabilities",
                                Map.of(),
                                "clientInfo",
                                INFO))
                .thenApply(answer -> result(McpSchema.METHOD_INITIALIZE, answer));
        Map<?, ?> server = await(McpSchema.METHOD_INITIALIZE, unlessDiscovered(initialized, discovered));
        if (discovered.isDone() && !discovered.isCompletedExceptionally()) {
            envelope = Map.of("_meta", ENVELOPE);
        } else {
            send(new JSONRPCNotification(VERSION, McpSchema.METHOD_NOTIFICATION_INITIALIZED, null));
        }
        return server;
    }

    /** Null if the server doesn't say in time that it speaks the newer protocol. */
    private @Nullable Map<?, ?> soon(CompletableFuture<Map<?, ?>> discovered) throws InterruptedException {
        Duration patience = PROBE.compareTo(timeout) < 0 ? PROBE : timeout;
        try {
            CompletableFuture.anyOf(discovered, ended).get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return discovered.getNow(Map.of());
        } catch (ExecutionException e) {
            if (ended.isCompletedExceptionally()) {
                throw new ServerException(ServerException.text(e.getCause()));
            }
            return null;
        } catch (TimeoutException e) {
            return null;
        }
    }

    /** A server that starts slowly may answer the first question after all, and then refuses the second. */
    private static CompletableFuture<Map<?, ?>> unlessDiscovered(
            CompletableFuture<Map<?, ?>> initialized, CompletableFuture<Map<?, ?>> discovered) {
        CompletableFuture<Map<?, ?>> first = new CompletableFuture<>();
        CompletableFuture<Void> unused = discovered.thenAccept(first::complete);
        CompletableFuture<Map<?, ?>> unusedToo = initialized.whenComplete((server, failure) -> {
            if (failure == null) {
                first.complete(server);
            } else {
                CompletableFuture<Map<?, ?>> unusedLast =
                        discovered.whenComplete((said, none) -> first.completeExceptionally(failure));
            }
        });
        return first;
    }

    /** The answer of a server that speaks the newer protocol. */
    private static Map<?, ?> speaksModern(JSONRPCResponse answer) {
        Map<?, ?> said = result(DISCOVER, answer);
        if (said.get("supportedVersions") instanceof List<?> versions && versions.contains(MODERN)) {
            return said;
        }
        throw new ServerException("it does not speak " + MODERN);
    }

    private List<ToolDefinition> pages() throws InterruptedException {
        List<ToolDefinition> tools = new ArrayList<>();
        Set<String> cursors = new HashSet<>();
        Map<String, Object> params = envelope;
        while (true) {
            Map<?, ?> page = ask(McpSchema.METHOD_TOOLS_LIST, params);
            if (page.get("tools") instanceof List<?> listed) {
                for (Object tool : listed) {
                    ToolDefinition definition = ToolDefinitionReader.read(tool);
                    if (definition != null) {
                        tools.add(definition);
                    }
                }
            }
            if (!(page.get("nextCursor") instanceof String cursor) || cursor.isEmpty()) {
                return tools;
            }
            if (!cursors.add(cursor) || cursors.size() > MOST_PAGES || tools.size() > MOST_TOOLS) {
                throw new ServerException("its list of tools does not end");
            }
            params = new HashMap<>(envelope);
            params.put("cursor", cursor);
        }
    }

    // ---- to the server

    private Map<?, ?> ask(String method, Map<String, Object> params) throws InterruptedException {
        return await(method, begin(method, params).thenApply(answer -> result(method, answer)));
    }

    private CompletableFuture<JSONRPCResponse> begin(String method, Map<String, Object> params) {
        int id = ids.incrementAndGet();
        CompletableFuture<JSONRPCResponse> answer = new CompletableFuture<>();
        awaited.put(id, answer);
        transport
                .sendMessage(new JSONRPCRequest(VERSION, method, id, params))
                .subscribe(nothing -> {}, failure -> fail(id, failure));
        return answer.whenComplete((response, failure) -> awaited.remove(id));
    }

    private static Map<?, ?> result(String method, JSONRPCResponse response) {
        if (response.error() != null) {
            throw new ServerException("it answered '" + method + "' with an error: "
                    + Shortened.line(String.valueOf(response.error().message()), 200));
        }
        if (!(response.result() instanceof Map<?, ?> result)) {
            throw new ServerException("it answered '" + method + "' with something else");
        }
        return result;
    }

    private Map<?, ?> await(String method, CompletableFuture<Map<?, ?>> answer) throws InterruptedException {
        try {
            CompletableFuture.anyOf(answer, ended).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return answer.join();
        } catch (ExecutionException e) {
            String said = ServerException.text(
                    e.getCause() instanceof CompletionException wrapped && wrapped.getCause() != null
                            ? wrapped.getCause()
                            : e.getCause());
            throw new ServerException(
                    said.startsWith("it answered") ? said : said + " (while it was asked for '" + method + "')");
        } catch (TimeoutException e) {
            throw new ServerException(
                    "it has not answered '" + method + "' within " + timeout.toSeconds() + " s, which --timeout sets");
        }
    }

    private void send(JSONRPCMessage message) {
        transport.sendMessage(message).subscribe(nothing -> {}, failure -> {});
    }

    // ---- from the server

    private void fail(@Nullable Object id, Throwable failure) {
        CompletableFuture<JSONRPCResponse> answer = id == null ? null : awaited.get(id);
        if (answer != null) {
            answer.completeExceptionally(failure);
        }
    }

    private void hear(JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response) {
            CompletableFuture<JSONRPCResponse> answer = response.id() == null ? null : awaited.get(response.id());
            if (answer != null) {
                answer.complete(response);
            }
        } else if (message instanceof JSONRPCRequest request) {
            send(
                    request.method().equals(McpSchema.METHOD_PING)
                            ? JSONRPCResponse.result(request.id(), Map.of())
                            : JSONRPCResponse.error(
                                    request.id(),
                                    new JSONRPCError(
                                            McpSchema.ErrorCodes.METHOD_NOT_FOUND,
                                            "this client only lists tools",
                                            null)));
        } else if (message instanceof JSONRPCNotification notification
                && notification.method().equals(McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED)) {
            changes.incrementAndGet();
        }
    }
}
