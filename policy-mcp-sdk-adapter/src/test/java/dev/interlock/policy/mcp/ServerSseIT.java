package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's older servlet, on Tomcat. */
@SuppressWarnings("deprecation") // SSE is, and still spoken
class ServerSseIT extends ServerEnforcementOverTransport {

    @TempDir
    private Path directory;

    private final GuardedServer server = new GuardedServer();
    private @Nullable HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        HttpServletSseServerTransportProvider provider = HttpServletSseServerTransportProvider.builder()
                .messageEndpoint("/message")
                .build();
        server.on(provider);
        http = HttpServer.of(provider, directory);
        return HttpClientSseClientTransport.builder(http.url()).build();
    }

    /** The servlet learns of it when it next writes to the client, or is closed. */
    @Override
    void sessionHasEnded() {
        server.stop();
    }

    @Override
    GuardedServer.Report reportAfterwards() {
        return afterwards(server);
    }

    @Override
    void stopServer() throws Exception {
        server.stop();
        http.close();
    }
}
