package dev.interlock.policy.langchain4j;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A real server of the MCP SDK that counts the calls that reach it, and tells the counts to a reader of {@link #CALLS}.
 */
final class TestServer {

    static final String CALLS = "test://calls";

    private final Map<String, Integer> calls = new ConcurrentSkipListMap<>();
    private final CountDownLatch stopped = new CountDownLatch(1);

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
                        .build())
                .resources(new SyncResourceSpecification(
                        Resource.builder(CALLS, "calls").build(),
                        (exchange, request) -> ReadResourceResult.builder(
                                        List.of(TextResourceContents.builder(CALLS, calls.toString())
                                                .build()))
                                .build()));
        for (Tool tool : List.of(
                tool("read_item", "id"),
                tool("start_export", "to"),
                tool("delete_store", "id"),
                tool("complain"),
                tool("hang"))) {
            server.toolCall(tool, this::answer);
        }
        return server;
    }

    private CallToolResult answer(McpSyncServerExchange exchange, CallToolRequest request) {
        calls.merge(request.name(), 1, Integer::sum);
        if (request.name().equals("hang")) {
            hang();
        }
        return CallToolResult.builder()
                .addTextContent(request.name() + " " + new TreeMap<>(request.arguments()))
                .isError(request.name().equals("complain"))
                .build();
    }

    /** Until the server is stopped, or no one can be waiting any more. */
    private void hang() {
        try {
            stopped.await(EnforcingMcpTransportTest.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the calls of {@code hang} go on. */
    void release() {
        stopped.countDown();
    }

    /** Serves on stdin and stdout until stdin ends. */
    public static void main(String... args) {
        new TestServer()
                .configure(McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper())))
                .build();
    }
}
