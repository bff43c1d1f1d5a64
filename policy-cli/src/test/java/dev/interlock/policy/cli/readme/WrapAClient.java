package dev.interlock.policy.cli.readme;

import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.nio.file.Path;

/** The README's Java, between the markers. */
final class WrapAClient {

    private WrapAClient() {}

    static CallToolResult call(McpClientTransport transport, CallToolRequest request) {
        // begin
        Policy policy = PolicyYaml.read(Path.of("policy.yaml")).orThrow();
        PolicyEngine engine = PolicyEngine.builder(policy).build();

        McpClientTransport guarded = EnforcingClientTransport.builder(transport, engine)
                .server("billing")
                .identity("support-bot")
                .build();
        McpSyncClient client = McpClient.sync(guarded).build();

        CallToolResult result = client.callTool(request);
        // end
        return result;
    }
}
