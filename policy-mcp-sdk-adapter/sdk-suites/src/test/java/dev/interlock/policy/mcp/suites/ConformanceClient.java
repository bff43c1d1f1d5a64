package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.util.Map;

/** What the conformance suite's servers want of a client: it lists their tools and calls each. */
final class ConformanceClient {

    private ConformanceClient() {}

    /** Runs once against the server whose URL is the argument. */
    public static void main(String[] args) {
        URI url = URI.create(args[0]);
        String path = url.getPath().isEmpty() ? "/" : url.getPath();
        try (McpSyncClient client = McpClient.sync(
                        Adapter.around(HttpClientStreamableHttpTransport.builder("http://" + url.getAuthority())
                                .endpoint(path)
                                .build()))
                .capabilities(
                        McpSchema.ClientCapabilities.builder().elicitation().build())
                .elicitation(request -> McpSchema.ElicitResult.builder(McpSchema.ElicitResult.Action.ACCEPT)
                        .content(Map.of())
                        .build())
                .applyElicitationDefaults(true)
                .build()) {
            client.initialize();
            for (McpSchema.Tool tool : client.listTools().tools()) {
                client.callTool(McpSchema.CallToolRequest.builder(tool.name())
                        .arguments(tool.name().equals("add_numbers") ? Map.of("a", 5, "b", 3) : Map.of())
                        .build());
            }
        }
    }
}
