package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's older servlet, on Tomcat. */
@SuppressWarnings("deprecation") // SSE is, and still spoken
class SseIT extends EnforcementOverTransport {

    @TempDir
    private Path directory;

    private @Nullable McpSyncServer server;
    private @Nullable HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        HttpServletSseServerTransportProvider provider = HttpServletSseServerTransportProvider.builder()
                .messageEndpoint("/message")
                .build();
        server = new TestServer()
                .configure(McpServer.sync(new PagingProvider(provider)))
                .build();
        http = HttpServer.of(provider, directory);
        return HttpClientSseClientTransport.builder(http.url()).build();
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
