package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.client.AbstractMcpSyncClientTests;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.time.Duration;

class StdioClientSyncSuite extends AbstractMcpSyncClientTests {

    @Override
    protected McpClientTransport createMcpTransport() {
        return Adapter.around(new StdioClientTransport(Everything.overStdio(), McpJsonDefaults.getMapper()));
    }

    /** It includes the start of a process. */
    @Override
    protected Duration getInitializationTimeout() {
        return Duration.ofSeconds(20);
    }
}
