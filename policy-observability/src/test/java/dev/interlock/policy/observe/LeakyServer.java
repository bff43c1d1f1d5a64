package dev.interlock.policy.observe;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServer.SyncSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.List;
import java.util.Map;

/** A server that says secrets in all it answers: results, tool errors, protocol errors, and unintended exceptions. */
final class LeakyServer {

    static final String RESULT = "canary-in-a-result";

    static final List<String> TOOLS = List.of("pay", "wire", "complain", "refuse", "crash", "drop");

    private LeakyServer() {}

    static void configure(SyncSpecification<?> specification) {
        specification
                .serverInfo("leaky", "1")
                .capabilities(ServerCapabilities.builder().tools(false).build());
        for (String tool : TOOLS) {
            specification.tools(new SyncToolSpecification(
                    Tool.builder(tool, Map.<String, Object>of("type", "object")).build(),
                    (exchange, request) -> answer(tool)));
        }
    }

    private static CallToolResult answer(String tool) {
        switch (tool) {
            case "refuse" ->
                throw McpError.builder(-32_602).message(RESULT).data(RESULT).build();
            case "crash" -> throw new IllegalStateException(RESULT);
            default -> {}
        }
        return CallToolResult.builder()
                .addTextContent(RESULT)
                .isError(tool.equals("complain"))
                .build();
    }

    /** As a process of its own. */
    public static void main(String... args) {
        SyncSpecification<?> server = McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper()));
        configure(server);
        server.build();
    }
}
