package dev.interlock.policy.mcp;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.recorded.ServedPath;
import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Clients and servers of the SDK, a pair for each server that calls name. One side of each pair is guarded. */
abstract class RecordedSdkPath extends ServedPath {

    private static final TypeRef<Map<String, Object>> JSON = new TypeRef<>() {};

    private final RecordedCase recorded;
    private final Map<@Nullable String, Link> links = new HashMap<>();

    private record Link(InMemoryPair pair, McpAsyncServer server, McpAsyncClient client) {}

    RecordedSdkPath(RecordedCase recorded) {
        this.recorded = recorded;
    }

    /** The transport that the client uses. */
    abstract McpClientTransport clientSide(McpClientTransport bare, @Nullable String server);

    /** The transport that the server uses. */
    abstract McpServerTransportProvider serverSide(McpServerTransportProvider bare, @Nullable String server);

    /** Gives a guard what the host knows. */
    final <B extends EnforcementBuilder<B>> B known(B guard, @Nullable String server) {
        guard.toolListTimeout(RecordedRun.PATIENCE)
                .callContext((transport, reactor) -> new CallContext(
                        current().identity(), session(), current().context()));
        return server == null ? guard : guard.server(server);
    }

    @Override
    protected CompletableFuture<Reply> send(ToolCall call) {
        return links.computeIfAbsent(call.server(), this::link)
                .client
                .callTool(
                        new CallToolRequest(call.tool(), call.arguments().root().toJava(), null))
                .map(result -> Reply.of(McpJsonDefaults.getMapper().convertValue(result, JSON)))
                .toFuture();
    }

    private Link link(@Nullable String name) {
        InMemoryPair pair = new InMemoryPair();
        McpServer.AsyncSpecification<?> server = McpServer.async(serverSide(pair.server(), name))
                .serverInfo("recorded", "1")
                .validateToolInputs(false)
                .capabilities(ServerCapabilities.builder().tools(true).build());
        for (Map<String, Object> tool : recorded.offered()) {
            server.toolCall(
                    McpJsonDefaults.getMapper().convertValue(tool, Tool.class),
                    (exchange, request) -> Mono.fromFuture(arrived(request.name(), request.arguments()))
                            .flatMap(RecordedSdkPath::answer));
        }
        McpAsyncServer started = server.build();
        McpAsyncClient client = McpClient.async(clientSide(pair.client(), name))
                .requestTimeout(RecordedRun.PATIENCE)
                .initializationTimeout(RecordedRun.PATIENCE)
                .build();
        client.initialize().block();
        return new Link(pair, started, client);
    }

    private static Mono<CallToolResult> answer(End end) {
        return end.outcome() == CallOutcome.FAILED
                ? Mono.error(McpError.builder(-32050).message("it failed").build())
                : Mono.just(McpJsonDefaults.getMapper().convertValue(end.toolResult(), CallToolResult.class));
    }

    @Override
    public void close() {
        links.values().forEach(link -> {
            link.client.closeGracefully().block();
            link.server.close();
            link.pair.close();
        });
    }
}
