package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.server.AbstractMcpAsyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;

class StreamableHttpServerAsyncSuite extends AbstractMcpAsyncServerTests {

    @Override
    protected McpServer.AsyncSpecification<?> prepareAsyncServerBuilder() {
        return McpServer.async(Adapter.around(HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .build()));
    }
}
