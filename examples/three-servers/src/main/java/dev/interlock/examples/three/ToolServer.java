package dev.interlock.examples.three;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** An MCP server with one tool, on stdin and stdout. It knows nothing of policies and does what it is told. */
final class ToolServer {

    private ToolServer() {}

    /**
     * Serves until stdin ends.
     *
     * @param parameters the tool's parameters, all of them texts
     * @param work gets the arguments of a call and returns its result
     */
    static void serve(
            String server, String tool, List<String> parameters, Function<Map<String, Object>, CallToolResult> work) {
        PrintStream protocol = System.out;
        // Output that a library prints must not get between the messages.
        System.setOut(System.err);
        Map<String, Object> properties =
                parameters.stream().collect(Collectors.toMap(name -> name, name -> Map.of("type", "string")));
        Map<String, Object> schema = Map.of("type", "object", "properties", properties, "required", parameters);
        McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper(), System.in, protocol))
                .serverInfo(server, "1")
                .capabilities(ServerCapabilities.builder().tools(false).build())
                .toolCall(Tool.builder(tool, schema).build(), (exchange, call) -> work.apply(call.arguments()))
                .build();
    }

    static CallToolResult answer(String text) {
        return CallToolResult.builder().addTextContent(text).isError(false).build();
    }

    static CallToolResult error(String text) {
        return CallToolResult.builder().addTextContent(text).isError(true).build();
    }
}
