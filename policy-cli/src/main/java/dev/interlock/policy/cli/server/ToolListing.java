package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.mcp.ToolDefinitionReader;
import dev.interlock.policy.mcp.UnreadableResponseException;
import dev.interlock.policy.tool.ToolDefinition;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
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
 */
final class ToolListing {

    private static final int MOST_PAGES = 1_000;
    private static final int MOST_TOOLS = 10_000;

    /** How many listings to try if the list keeps changing. The last one counts as it is. */
    private static final int MOST_LISTINGS = 4;

    private static final String VERSION = "2.0";

    private final McpClientTransport transport;
    private final Duration timeout;

    private final AtomicInteger ids = new AtomicInteger();
    private final AtomicInteger changes = new AtomicInteger();
    private final Map<Object, CompletableFuture<JSONRPCResponse>> awaited = new ConcurrentHashMap<>();
    private final CompletableFuture<JSONRPCResponse> ended = new CompletableFuture<>();

    /** @param timeout how long each answer may take */
    ToolListing(McpClientTransport transport, Duration timeout) {
        this.transport = transport;
        this.timeout = timeout;
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
        Map<?, ?> server = ask(
                McpSchema.METHOD_INITIALIZE,
                Map.of(
                        "protocolVersion",
                        ProtocolVersions.MCP_2025_11_25,
                        "capabilities",
                        Map.of(),
                        "clientInfo",
                        Map.of("name", "interlock", "version", "scan")));
        send(new JSONRPCNotification(VERSION, McpSchema.METHOD_NOTIFICATION_INITIALIZED, null));
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

    private List<ToolDefinition> pages() throws InterruptedException {
        List<ToolDefinition> tools = new ArrayList<>();
        Set<String> cursors = new HashSet<>();
        Map<String, Object> params = Map.of();
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
            params = Map.of("cursor", cursor);
        }
    }

    // ---- to the server

    private Map<?, ?> ask(String method, Map<String, Object> params) throws InterruptedException {
        int id = ids.incrementAndGet();
        CompletableFuture<JSONRPCResponse> answer = new CompletableFuture<>();
        awaited.put(id, answer);
        try {
            transport
                    .sendMessage(new JSONRPCRequest(VERSION, method, id, params))
                    .subscribe(nothing -> {}, failure -> fail(id, failure));
            JSONRPCResponse response = (JSONRPCResponse)
                    CompletableFuture.anyOf(answer, ended).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (response.error() != null) {
                throw new ServerException("it answered '" + method + "' with an error: "
                        + Shortened.line(String.valueOf(response.error().message()), 200));
            }
            if (!(response.result() instanceof Map<?, ?> result)) {
                throw new ServerException("it answered '" + method + "' with something else");
            }
            return result;
        } catch (ExecutionException e) {
            throw new ServerException(
                    ServerException.text(e.getCause()) + " (while it was asked for '" + method + "')");
        } catch (TimeoutException e) {
            throw new ServerException(
                    "it has not answered '" + method + "' within " + timeout.toSeconds() + " s, which --timeout sets");
        } finally {
            awaited.remove(id);
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
