package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.transport.HttpServletStatelessServerTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's servlet that keeps no sessions, on Tomcat. */
class ServerStatelessIT extends ServerEnforcementOverTransport {

    @TempDir
    private Path directory;

    private final GuardedServer server = new GuardedServer();
    private @Nullable HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        HttpServletStatelessServerTransport transport =
                HttpServletStatelessServerTransport.builder().build();
        server.on(transport);
        http = HttpServer.of(transport, directory);
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

    @Override
    boolean hasSessions() {
        return false;
    }
}
