package dev.interlock.policy.cli.readme;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Map;
import reactor.core.publisher.Mono;

/** The Java of the page on integrations that serves many users, between the markers. */
final class WrapAnAsyncClient {

    private WrapAnAsyncClient() {}

    static Mono<CallToolResult> call(McpClientTransport transport, PolicyEngine engine, CallToolRequest request) {
        // begin
        McpClientTransport guarded = EnforcingClientTransport.builder(transport, engine)
                .server("billing")
                .callContext((context, reactor) -> context.get("user") instanceof String user
                        ? CallContext.by(user).in("session of " + user)
                        : CallContext.EMPTY)
                .build();
        McpAsyncClient client = McpClient.async(guarded).build();

        Mono<CallToolResult> result = client.callTool(request)
                .contextWrite(context ->
                        context.put(McpTransportContext.KEY, McpTransportContext.create(Map.of("user", "ada"))));
        // end
        return result;
    }
}
