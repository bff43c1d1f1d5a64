package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's servlet, on Tomcat. */
class StreamableHttpIT extends EnforcementOverTransport {

    @TempDir
    private Path directory;

    private @Nullable McpSyncServer server;
    private @Nullable HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        HttpServletStreamableServerTransportProvider provider = HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .build();
        server = new TestServer().configure(McpServer.sync(provider)).build();
        http = HttpServer.paging(provider, directory);
        return HttpClientStreamableHttpTransport.builder(http.url())
                .endpoint("/mcp")
                .build();
    }

    @Override
    void stopServer() throws Exception {
        server.closeGracefully();
        loseServer();
    }

    @Override
    void loseServer() throws Exception {
        http.close();
    }
}
