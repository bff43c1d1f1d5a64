package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.recorded.RecordedRun;
import dev.interlock.policy.recorded.ServedPath;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** LangChain4j's own client, guarded, with a server of the SDK. */
class LangChain4jPathTest extends RecordedPathContract {

    @Override
    protected boolean expresses(RecordedCase recorded) {
        return isServed(recorded);
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) throws Exception {
        return RecordedRun.play(recorded, RecordedRun.Limits.IN_MEMORY, Guarded::new);
    }

    /** Shows what the client gets, of which its methods return a part. */
    private record Watched(McpTransport guarded) implements McpTransport {

        private static final ThreadLocal<JsonNode> SEEN = new ThreadLocal<>();

        /** What the calling thread got last. */
        static JsonNode seen() {
            JsonNode seen = SEEN.get();
            return seen == null ? MissingNode.getInstance() : seen;
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
            SEEN.remove();
            JsonNode answer = guarded.executeOperationWithResponse(context).join();
            SEEN.set(answer);
            return CompletableFuture.completedFuture(answer);
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage message) {
            return executeOperationWithResponse(new McpCallContext(null, message));
        }

        @Override
        public void start(McpOperationHandler handler) {
            guarded.start(handler);
        }

        @Override
        public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
            return guarded.initialize(request);
        }

        @Override
        public void executeOperationWithoutResponse(McpClientMessage message) {
            guarded.executeOperationWithoutResponse(message);
        }

        @Override
        public void executeOperationWithoutResponse(McpCallContext context) {
            guarded.executeOperationWithoutResponse(context);
        }

        @Override
        public void checkHealth() {
            guarded.checkHealth();
        }

        @Override
        public void onFailure(Runnable action) {
            guarded.onFailure(action);
        }

        @Override
        public void close() throws IOException {
            guarded.close();
        }
    }

    private static final class Guarded extends ServedPath {

        private final RecordedCase recorded;
        private final PolicyEngine engine;
        private final Map<@Nullable String, Link> links = new HashMap<>();

        /** The client's methods return when the call has ended. */
        private final ExecutorService callers = Executors.newCachedThreadPool();

        private record Link(McpAsyncServer server, McpClient client) {}

        Guarded(RecordedCase recorded, PolicyEngine engine) {
            this.recorded = recorded;
            this.engine = engine;
        }

        @Override
        protected CompletableFuture<Reply> send(ToolCall call) {
            McpClient client = links.computeIfAbsent(call.server(), this::link).client;
            ToolExecutionRequest request = ToolExecutionRequest.builder()
                    .name(call.tool())
                    .arguments(call.arguments().root().json())
                    .build();
            return CompletableFuture.supplyAsync(
                    () -> {
                        String text;
                        try {
                            text = client.executeTool(request).resultText();
                        } catch (RuntimeException e) {
                            text = e.toString();
                        }
                        JsonNode result = Watched.seen().path("result");
                        return new Reply(
                                text, result.isObject() ? (ObjectValue) Value.freeze(JsonMap.of(result)) : null);
                    },
                    callers);
        }

        private Link link(@Nullable String name) {
            InMemoryTransport wire = new InMemoryTransport();
            McpServer.AsyncSpecification<?> server = McpServer.async(wire.server())
                    .serverInfo("recorded", "1")
                    .validateToolInputs(false)
                    .capabilities(ServerCapabilities.builder().tools(true).build());
            for (Map<String, Object> tool : recorded.offered()) {
                server.toolCall(
                        McpJsonDefaults.getMapper().convertValue(tool, Tool.class),
                        (exchange, request) -> Mono.fromFuture(arrived(request.name(), request.arguments()))
                                .flatMap(Guarded::answer));
            }
            McpAsyncServer started = server.build();
            EnforcingMcpTransport.Builder guard = EnforcingMcpTransport.builder(wire, engine)
                    .toolListTimeout(RecordedRun.PATIENCE)
                    .callContext((call, invocation) -> call.by(current().identity())
                            .in(session())
                            .with(current().context()));
            if (name != null) {
                guard.server(name);
            }
            McpClient client = DefaultMcpClient.builder()
                    .transport(new Watched(guard.build()))
                    .toolExecutionTimeout(RecordedRun.PATIENCE)
                    .initializationTimeout(RecordedRun.PATIENCE)
                    .autoHealthCheck(false)
                    .build();
            return new Link(started, client);
        }

        private static Mono<CallToolResult> answer(End end) {
            return end.outcome() == CallOutcome.FAILED
                    ? Mono.error(McpError.builder(-32050).message("it failed").build())
                    : Mono.just(McpJsonDefaults.getMapper().convertValue(end.toolResult(), CallToolResult.class));
        }

        @Override
        public void close() {
            links.values().forEach(link -> {
                try {
                    link.client.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                link.server.close();
            });
            callers.shutdownNow();
        }
    }
}
