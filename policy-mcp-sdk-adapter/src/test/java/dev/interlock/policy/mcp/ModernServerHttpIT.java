package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpHttpRequestCustomizer;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guarded server is behind the SDK's servlet, on Tomcat. */
class ModernServerHttpIT extends ModernServerOverTransport {

    @TempDir
    private Path directory;

    private HttpServer http;

    @Override
    void serve(McpRequestManager manager) throws Exception {
        http = HttpServer.of(
                HttpServletMcpTransport.builder(manager)
                        .contextExtractor(request -> McpTransportContext.create(
                                Map.of("user", String.valueOf(request.getHeader("Authorization")))))
                        .build(),
                directory);
    }

    @Override
    McpClientTransport connect(String user) {
        return HttpClientMcpTransport.builder(http.url() + "/mcp")
                .requestCustomizer(McpHttpRequestCustomizer.fromSync(
                        (request, headers, context) -> headers.set("Authorization", user)))
                .build();
    }

    @Override
    void stop() throws Exception {
        http.close();
    }

    @Test
    void theCallerIsWhomTheTransportSays() throws Exception {
        McpSyncClient ada = client(engine(new Policies().granting("ada", "copy").granting("bob", "tidy")));
        McpSyncClient bob = client("bob");

        assertThat(text(ada.tool("copy").call())).startsWith("copy");
        assertThat(text(ada.tool(unlisted("tidy")).call())).startsWith("[POLICY DENIED]");
        assertThat(text(bob.tool(unlisted("copy")).call())).startsWith("[POLICY DENIED]");
        assertThat(ada.listTools().list().tools().stream().map(Tool::name)).containsExactly("copy");
        assertThat(bob.listTools().list().tools().stream().map(Tool::name)).containsExactly("tidy");
        assertThat(server.ran()).isEqualTo("{copy=1}");
    }
}
