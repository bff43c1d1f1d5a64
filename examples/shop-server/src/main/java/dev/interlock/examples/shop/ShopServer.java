package dev.interlock.examples.shop;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A shop's MCP server, which does what it is told. */
public final class ShopServer {

    private final Map<String, String> customers = new ConcurrentHashMap<>(Map.of("c-1", "Ada", "c-2", "Alan"));

    private ShopServer() {}

    /** Adds the shop's tools to a server. */
    public static <S extends McpServer.SyncSpecification<S>> McpServer.SyncSpecification<S> addTools(
            McpServer.SyncSpecification<S> server) {
        ShopServer shop = new ShopServer();
        return server.serverInfo("shop", "1")
                .capabilities(ServerCapabilities.builder().tools(false).build())
                .toolCall(tool("get_customer", Map.of("id", "string")), (exchange, call) -> shop.get(call))
                .toolCall(
                        tool("create_refund", Map.of("customer", "string", "amount", "number")),
                        (exchange, call) -> answer(
                                "Refunded " + call.arguments().get("amount") + " to "
                                        + call.arguments().get("customer") + ".",
                                false))
                .toolCall(tool("delete_customer", Map.of("id", "string")), (exchange, call) -> shop.delete(call));
    }

    private CallToolResult get(CallToolRequest call) {
        String name = customers.get(String.valueOf(call.arguments().get("id")));
        return name == null ? answer("There is no such customer.", true) : answer(name, false);
    }

    private CallToolResult delete(CallToolRequest call) {
        return customers.remove(String.valueOf(call.arguments().get("id"))) == null
                ? answer("There is no such customer.", true)
                : answer("Deleted.", false);
    }

    private static Tool tool(String name, Map<String, String> arguments) {
        Map<String, Object> properties = new ConcurrentHashMap<>();
        arguments.forEach((argument, type) -> properties.put(argument, Map.of("type", type)));
        return Tool.builder(
                        name,
                        Map.of("type", "object", "properties", properties, "required", List.copyOf(arguments.keySet())))
                .build();
    }

    private static CallToolResult answer(String text, boolean isError) {
        return CallToolResult.builder().addTextContent(text).isError(isError).build();
    }

    /** Serves on stdin and stdout until stdin ends. */
    public static void main(String... args) {
        PrintStream protocol = System.out;
        // Output that a library prints must not get between the messages.
        System.setOut(System.err);
        addTools(McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper(), System.in, protocol)))
                .build();
    }
}
