package dev.interlock.policy.mcp;

import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The server is the SDK's servlet, on Tomcat. */
class ModernHttpIT extends ModernEnforcementOverTransport {

    @TempDir
    private Path directory;

    private final ModernServer tools = new ModernServer();
    private McpServer server;
    private HttpServer http;

    @Override
    McpClientTransport connectToNewServer() throws Exception {
        server = tools.server();
        http = HttpServer.of(HttpServletMcpTransport.builder(server).build(), directory);
        return HttpClientMcpTransport.builder(http.url() + "/mcp").build();
    }

    @Override
    void stopServer() throws Exception {
        tools.release();
        server.closeGracefully();
        http.close();
    }
}
