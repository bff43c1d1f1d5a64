package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.AbstractMcpAsyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import org.junit.jupiter.api.AfterEach;

class StdioServerAsyncSuite extends AbstractMcpAsyncServerTests {

    /** Stays silent: at its end, the server would stop. */
    private final PipedOutputStream client = new PipedOutputStream();

    private final InputStream stdin = new PipedInputStream(client);

    StdioServerAsyncSuite() throws IOException {}

    @AfterEach
    void hangUp() throws IOException {
        client.close();
    }

    @Override
    protected McpServer.AsyncSpecification<?> prepareAsyncServerBuilder() {
        return McpServer.async(Adapter.around(
                new StdioServerTransportProvider(McpJsonDefaults.getMapper(), stdin, OutputStream.nullOutputStream())));
    }
}
