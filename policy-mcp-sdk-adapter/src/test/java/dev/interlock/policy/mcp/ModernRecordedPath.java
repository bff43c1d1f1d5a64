package dev.interlock.policy.mcp;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.recorded.ServedPath;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpAsyncClient;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.StdioMcpClientTransport;
import io.modelcontextprotocol.modern.server.McpAsyncResponse;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.feature.McpAsyncTool;
import io.modelcontextprotocol.modern.server.feature.McpAsyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import io.modelcontextprotocol.modern.server.transport.StdioMcpTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Clients and servers of the SDK's modern API over its transports for stdio, a pair for each server that calls name.
 * One side of each pair is guarded.
 */
abstract class ModernRecordedPath extends ServedPath {

    private static final TypeRef<Map<String, Object>> JSON = new TypeRef<>() {};

    /** A server's own check would hide whether the guard has checked the arguments. */
    private static final JsonSchemaValidator UNCHECKED = (schema, value) -> ValidationResponse.asValid(null);

    private final Map<String, McpAsyncTool> tools = new LinkedHashMap<>();
    private final Map<@Nullable String, Link> links = new HashMap<>();

    private record Link(
            Socket toServer,
            Socket toClient,
            Disposable serving,
            StdioMcpClientTransport transport,
            McpAsyncClient client) {}

    ModernRecordedPath(RecordedCase recorded) {
        for (Map<String, Object> tool : recorded.offered()) {
            Tool definition = McpJsonDefaults.getMapper().convertValue(tool, Tool.class);
            tools.put(
                    definition.name(),
                    McpAsyncTool.of(
                            definition,
                            (context, request) -> Mono.fromFuture(arrived(request.name(), request.arguments()))
                                    .flatMap(ModernRecordedPath::answer)));
        }
    }

    private static Mono<McpAsyncResponse<CallToolOutcome>> answer(End end) {
        return end.outcome() == CallOutcome.FAILED
                ? Mono.error(new McpException(-32050, "it failed"))
                : Mono.just(McpAsyncResponse.result(
                        McpJsonDefaults.getMapper().convertValue(end.toolResult(), CallToolResult.class)));
    }

    /** The transport that the client uses. */
    abstract McpClientTransport clientSide(McpClientTransport bare, @Nullable String server);

    /** What answers the server's transport. */
    abstract McpRequestManager serverSide(McpServer bare, @Nullable String server);

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
                .tool(Tool.builder(call.tool(), Map.of("type", "object")).build())
                .arguments(call.arguments().root().toJava())
                .call()
                .map(result -> Reply.of(McpJsonDefaults.getMapper().convertValue(result, JSON)))
                .toFuture();
    }

    private Link link(@Nullable String name) {
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Socket toServer = new Socket(InetAddress.getLoopbackAddress(), listening.getLocalPort());
            Socket toClient = listening.accept();
            McpServer server = McpServer.builder()
                    .serverInfo(Implementation.builder("recorded", "1").build())
                    .feature(ToolsFeature.ofAsync(
                            new Repository(), McpJsonDefaults.getMapper(), UNCHECKED, 1_000, CacheScope.PRIVATE))
                    .build();
            Disposable serving = new StdioMcpTransport(
                            serverSide(server, name),
                            McpJsonDefaults.getMapper(),
                            toClient.getInputStream(),
                            toClient.getOutputStream())
                    .start()
                    .subscribe();
            StdioMcpClientTransport transport = StdioMcpClientTransport.builder(
                            toServer.getInputStream(), toServer.getOutputStream())
                    .start();
            McpAsyncClient client = McpClient.async(clientSide(transport, name))
                    .roundTimeout(RecordedRun.PATIENCE)
                    .build();
            return new Link(toServer, toClient, serving, transport, client);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Repository implements McpAsyncToolRepository {

        @Override
        public Mono<ToolsPage> list(McpRequestContext context, String cursor) {
            List<Tool> all =
                    tools.values().stream().map(McpAsyncTool::definition).toList();
            return Mono.just(ToolsPage.of(all));
        }

        @Override
        public Mono<McpAsyncTool> find(McpRequestContext context, String name) {
            return Mono.justOrEmpty(tools.get(name));
        }
    }

    @Override
    public void close() throws IOException {
        for (Link link : links.values()) {
            link.transport.close();
            link.toServer.close();
            link.toClient.close();
            link.serving.dispose();
        }
    }
}
