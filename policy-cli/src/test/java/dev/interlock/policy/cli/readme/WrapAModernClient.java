package dev.interlock.policy.cli.readme;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingModernTransport;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import java.util.Map;

/** The Java of the page on integrations that wraps a client of the SDK's modern API, between the markers. */
final class WrapAModernClient {

    private WrapAModernClient() {}

    static CallToolResult call(McpClientTransport transport, PolicyEngine engine) {
        // begin
        try (EnforcingModernTransport guarded = EnforcingModernTransport.builder(transport, engine)
                .server("billing")
                .identity("support-bot")
                .build()) {
            McpSyncClient client = McpClient.sync(guarded).build();
            client.discover();
            guarded.selfTest(); // throws, should calls be able to leave undecided

            return client.tool("refund").arguments(Map.of("order", 17)).call();
        }
        // end
    }
}
