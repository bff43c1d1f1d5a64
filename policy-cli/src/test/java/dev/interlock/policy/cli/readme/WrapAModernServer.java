package dev.interlock.policy.cli.readme;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingRequestManager;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.transport.StdioMcpTransport;

/** The Java of the page on integrations that wraps a server of the SDK's modern API, between the markers. */
final class WrapAModernServer {

    private WrapAModernServer() {}

    static void serve(McpServer server, PolicyEngine engine) {
        // begin
        EnforcingRequestManager guarded = EnforcingRequestManager.builder(server, engine)
                .server("billing")
                .identity("desktop")
                .build();
        new StdioMcpTransport(guarded, McpJsonDefaults.getMapper()).start().block();
        // end
    }
}
