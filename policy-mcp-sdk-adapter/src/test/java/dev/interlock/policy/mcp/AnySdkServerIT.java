package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A guarded server over streamable HTTP: the SDK's servlet, on Tomcat. */
class AnySdkServerIT extends AnySdkContract {

    @TempDir
    private Path directory;

    private McpSyncServer server;
    private HttpServer http;

    @Override
    McpClientTransport connect(PolicyEngine engine) throws Exception {
        HttpServletStreamableServerTransportProvider provider =
                HttpServletStreamableServerTransportProvider.builder().build();
        server = new AnySdkServer()
                .on(EnforcingServerTransports.builder(engine)
                        .toolListTimeout(Await.PATIENCE)
                        .wrap(provider));
        http = HttpServer.of(provider, directory);
        return HttpClientStreamableHttpTransport.builder(http.url()).build();
    }

    @Override
    void stop() throws Exception {
        server.close();
        http.close();
    }
}
