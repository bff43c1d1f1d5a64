package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServer.SyncSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** A server that is made with nothing but what all versions of the SDK have. Each tool says how often each has run. */
final class AnySdkServer {

    private static final List<String> TOOLS = List.of("""
            {"name": "read_store", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}}
            """, """
            {"name": "copy_store", "inputSchema": {"type": "object", "required": ["to"]}}
            """, """
            {"name": "tidy", "inputSchema": {"type": "object"}, "annotations": {"destructiveHint": true}}
            """, """
            {"name": "secret", "inputSchema": {"type": "object"}}
            """);

    private final Map<String, Integer> ran = new ConcurrentHashMap<>();

    McpSyncServer on(McpStreamableServerTransportProvider provider) throws IOException {
        return with(McpServer.sync(provider)).build();
    }

    private SyncSpecification<?> with(SyncSpecification<?> specification) throws IOException {
        SyncSpecification<?> with = specification
                .serverInfo("any", "1")
                .capabilities(ServerCapabilities.builder().tools(true).build());
        for (String json : TOOLS) {
            Tool tool = McpJsonDefaults.getMapper().readValue(json, new TypeRef<Tool>() {});
            with = with.tools(List.of(SyncToolSpecification.builder()
                    .tool(tool)
                    .callHandler((exchange, request) -> {
                        ran.merge(request.name(), 1, Integer::sum);
                        return CallToolResult.builder()
                                .addTextContent(new TreeMap<>(ran).toString())
                                .build();
                    })
                    .build()));
        }
        return with;
    }

    /** Serves one client on stdin and stdout. */
    public static void main(String... args) throws IOException {
        new AnySdkServer()
                .with(McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper())))
                .build();
    }
}
