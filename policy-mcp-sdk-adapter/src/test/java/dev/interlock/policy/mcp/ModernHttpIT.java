package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.CallOutcome;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
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

    @Test
    void aCallIsSentOnceMoreIfTheServerHasChangedWhatHeadersRepeat() throws Exception {
        McpSyncClient client = client(limited(new Policies().tool("route", Policies.limit(10))));
        Map<String, Object> arguments = Map.of("region", "eu");
        assertThat(text(client.tool("route").arguments(arguments).call())).isEqualTo("route {region=eu}");

        tools.repeatIn("Zone");

        assertThat(text(client.tool("route").arguments(arguments).call())).isEqualTo("route {region=eu}");
        assertThat(tools.ran()).isEqualTo("{route=2}");
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED, CallOutcome.SUCCEEDED);
    }

    @Override
    void stopServer() throws Exception {
        tools.release();
        server.closeGracefully();
        http.close();
    }
}
