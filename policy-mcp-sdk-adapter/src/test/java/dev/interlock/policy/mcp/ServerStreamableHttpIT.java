package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's servlet, on Tomcat. */
class ServerStreamableHttpIT extends ServerEnforcementOverTransport {

    @TempDir
    private Path directory;

    private final GuardedServer server = new GuardedServer();
    private @Nullable HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        HttpServletStreamableServerTransportProvider provider =
                HttpServletStreamableServerTransportProvider.builder().build();
        server.on(provider);
        http = HttpServer.of(provider, directory);
        return HttpClientStreamableHttpTransport.builder(http.url()).build();
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
