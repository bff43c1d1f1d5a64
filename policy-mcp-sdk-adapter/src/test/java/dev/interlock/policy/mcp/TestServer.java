package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A real server of the SDK that counts the calls that reach it, and tells the count to a reader of {@link #CALLS}. It
 * pages its tools, which the SDK's own server doesn't, and checks no arguments, so that a call that slips through
 * counts.
 */
final class TestServer {

    static final String CALLS = "test://calls";

    static final List<Tool> TOOLS = List.of(
            tool("purge_all"),
            tool("purge_some"),
            tool("read_item", "id"),
            tool("start_export", "to"),
            tool("purge_rest"),
            tool("delete_store", "id"),
            tool("complain"),
            tool("work"),
            tool("hang"),
            tool("release"));

    private static final AtomicReference<CountDownLatch> RELEASED = new AtomicReference<>(new CountDownLatch(1));

    private final Map<String, Integer> calls = new ConcurrentHashMap<>();

    private static Tool tool(String name, String... required) {
        Map<String, Object> properties = new TreeMap<>();
        for (String argument : required) {
            properties.put(argument, Map.of("type", "string"));
        }
        return Tool.builder(
                        name, Map.<String, Object>of("type", "object", "properties", properties, "required", required))
                .build();
    }

    <S extends McpServer.SyncSpecification<S>> McpServer.SyncSpecification<S> configure(
            McpServer.SyncSpecification<S> server) {
        server.serverInfo("test", "1")
                .validateToolInputs(false)
                .capabilities(ServerCapabilities.builder()
                        .tools(true)
                        .resources(false, false)
                        .prompts(false)
                        .build())
                .resources(new SyncResourceSpecification(
                        Resource.builder(CALLS, "calls").build(),
                        (exchange, request) -> ReadResourceResult.builder(
                                        List.of(TextResourceContents.builder(CALLS, countsAsJson())
                                                .build()))
                                .build()))
                .prompts(new SyncPromptSpecification(
                        Prompt.builder("greet").build(),
                        (exchange, request) -> GetPromptResult.builder(List.of(PromptMessage.builder(
                                                Role.USER,
                                                TextContent.builder("hello").build())
                                        .build()))
                                .build()));
        for (Tool tool : TOOLS) {
            server.toolCall(tool, this::answer);
        }
        return server;
    }

    private CallToolResult answer(McpSyncServerExchange exchange, CallToolRequest request) {
        calls.merge(request.name(), 1, Integer::sum);
        if (request.name().equals("work")) {
            exchange.progressNotification(ProgressNotification.builder(request.progressToken(), 0.5)
                    .message("half way")
                    .build());
        }
        if (request.name().equals("hang")) {
            hang();
        }
        if (request.name().equals("release")) {
            release();
        }
        return CallToolResult.builder()
                .addTextContent(request.name() + " " + request.arguments())
                .isError(request.name().equals("complain"))
                .build();
    }

    private static void hang() {
        try {
            if (!RELEASED.get().await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("the call was not let go on");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the calls of {@code hang} go on that run in this process, as the tool of this name does. */
    static void release() {
        RELEASED.getAndSet(new CountDownLatch(1)).countDown();
    }

    private String countsAsJson() {
        try {
            return McpJsonDefaults.getMapper().writeValueAsString(calls);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void main(String... args) throws IOException {
        ServerProcess.serve(provider -> {
            new TestServer()
                    .configure(McpServer.sync(new PagingProvider(provider)))
                    .build();
            return TestServer::release;
        });
    }
}
