package dev.interlock.examples.googleadk;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JsonSchema;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shop's MCP server, on the MCP SDK that ADK brings. It writes each call that reaches it into a file. */
final class RecordingShop {

    private RecordingShop() {}

    /** Serves on stdin and stdout until stdin ends. The argument is the file. */
    public static void main(String... args) {
        PrintStream protocol = System.out;
        // Output that a library prints must not get between the messages.
        System.setOut(System.err);
        Path record = Path.of(args[0]);
        McpServer.SyncSpecification<?> server =
                McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper(), System.in, protocol));
        for (Tool tool : List.of(
                tool("get_customer", Map.of("id", "string")),
                tool("create_refund", Map.of("customer", "string", "amount", "number")),
                tool("delete_customer", Map.of("id", "string")))) {
            server.toolCall(tool, (exchange, call) -> {
                String made = call.name() + " " + call.arguments().values();
                write(record, made);
                return CallToolResult.builder()
                        .addTextContent("The shop did it: " + call.name())
                        .build();
            });
        }
        server.build();
    }

    private static Tool tool(String name, Map<String, String> arguments) {
        Map<String, Object> properties = new HashMap<>();
        arguments.forEach((argument, type) -> properties.put(argument, Map.of("type", type)));
        return Tool.builder()
                .name(name)
                .description("A tool of the shop's")
                .inputSchema(new JsonSchema("object", properties, List.copyOf(arguments.keySet()), null, null, null))
                .build();
    }

    private static void write(Path record, String line) {
        try {
            Files.writeString(record, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
