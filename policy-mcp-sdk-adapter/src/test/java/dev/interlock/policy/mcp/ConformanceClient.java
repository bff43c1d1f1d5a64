package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.util.Map;

/** What the conformance suite's servers want of a client: it lists their tools and calls each. */
final class ConformanceClient {

    private ConformanceClient() {}

    /** Runs once. Its arguments are the guard and the URL of the server. It prints each call, and each that leaves. */
    public static void main(String[] args) {
        URI url = URI.create(args[1]);
        HttpClientStreamableHttpTransport transport = HttpClientStreamableHttpTransport.builder(
                        "http://" + url.getAuthority())
                .endpoint(url.getPath().isEmpty() ? "/" : url.getPath())
                .addHttpRequestCustomizer((request, method, endpoint, body, context) -> ConformanceSuite.sending(body))
                .build();
        try (McpSyncClient client = McpClient.sync(
                        ConformanceGuard.valueOf(args[0]).around(transport))
                .capabilities(
                        McpSchema.ClientCapabilities.builder().elicitation().build())
                .elicitation(request -> McpSchema.ElicitResult.builder(McpSchema.ElicitResult.Action.ACCEPT)
                        .content(Map.of())
                        .build())
                .applyElicitationDefaults(true)
                .build()) {
            client.initialize();
            for (McpSchema.Tool tool : client.listTools().tools()) {
                ConformanceSuite.calling(tool.name());
                client.callTool(McpSchema.CallToolRequest.builder(tool.name())
                        .arguments(tool.name().equals("add_numbers") ? Map.of("a", 5, "b", 3) : Map.of())
                        .build());
            }
        }
    }
}
