package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.server.AbstractMcpSyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;

class StreamableHttpServerSyncSuite extends AbstractMcpSyncServerTests {

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return McpServer.sync(Adapter.around(HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .build()));
    }
}
