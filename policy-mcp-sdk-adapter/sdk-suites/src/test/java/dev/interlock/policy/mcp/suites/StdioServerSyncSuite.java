package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.AbstractMcpSyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import org.junit.jupiter.api.AfterEach;

class StdioServerSyncSuite extends AbstractMcpSyncServerTests {

    /** Stays silent: at its end, the server would stop. */
    private final PipedOutputStream client = new PipedOutputStream();

    private final InputStream stdin = new PipedInputStream(client);

    StdioServerSyncSuite() throws IOException {}

    @AfterEach
    void hangUp() throws IOException {
        client.close();
    }

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return McpServer.sync(Adapter.around(
                new StdioServerTransportProvider(McpJsonDefaults.getMapper(), stdin, OutputStream.nullOutputStream())));
    }
}
