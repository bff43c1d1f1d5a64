package dev.interlock.examples.serverauthor;

import dev.interlock.examples.shop.ShopServer;
import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.nio.file.Path;

/** A server whose author doesn't rely on clients to restrict the use of its tools. */
public final class ProtectedServer {

    private ProtectedServer() {}

    /** Takes the path of a policy, and serves on stdin and stdout until stdin ends. */
    public static void main(String... args) {
        Path policyFile = Path.of(args[0]);
        McpServerTransportProvider stdio = new StdioServerTransportProvider(McpJsonDefaults.getMapper());
        // begin
        Policy policy = PolicyYaml.read(policyFile).orThrow();
        PolicyEngine engine = PolicyEngine.builder(policy).build();

        McpServerTransportProvider guarded = EnforcingServerTransports.wrap(stdio, engine);
        McpSyncServer server = ShopServer.addTools(McpServer.sync(guarded)).build();
        // end
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    }
}
