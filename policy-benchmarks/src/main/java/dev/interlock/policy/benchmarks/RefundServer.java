package dev.interlock.policy.benchmarks;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.Map;

/** A server of the SDK with one tool that does nothing. As a program, it uses its own standard input and output. */
final class RefundServer {

    private RefundServer() {}

    static <S extends McpServer.SyncSpecification<S>> void serve(McpServer.SyncSpecification<S> specification) {
        specification
                .serverInfo("refunds", "1")
                .capabilities(ServerCapabilities.builder().tools(false).build())
                .validateToolInputs(false)
                .toolCall(
                        Tool.builder(Refunds.TOOL, Map.<String, Object>of("type", "object"))
                                .build(),
                        (exchange, request) ->
                                CallToolResult.builder().addTextContent("done").build())
                .build();
    }

    /** Serves until its parent process is gone, or kills it. */
    public static void main(String[] args) {
        serve(McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper())));
        ProcessHandle.current().parent().orElseThrow().onExit().join();
        System.exit(0);
    }
}
