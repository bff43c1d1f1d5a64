package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.AbstractMcpClientServerIntegrationTests;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.provider.Arguments;

@ExtendWith(Skips.class)
class SseIntegrationSuite extends AbstractMcpClientServerIntegrationTests {

    private final HttpServletSseServerTransportProvider provider = HttpServletSseServerTransportProvider.builder()
            .messageEndpoint("/message")
            .sseEndpoint("/sse")
            .contextExtractor(request -> McpTransportContext.create(Map.of("important", "value")))
            .build();

    private final Servlets servlets = new Servlets(provider);

    static Stream<Arguments> clientsForTesting() {
        return Stream.of(Arguments.of("httpclient"));
    }

    @BeforeEach
    void prepare() {
        prepareClients(servlets.port(), "");
    }

    @AfterEach
    void close() {
        provider.closeGracefully().block();
        servlets.close();
    }

    @Override
    protected void prepareClients(int port, String endpoint) {
        clientBuilders.put(
                "httpclient",
                McpClient.sync(Adapter.around(HttpClientSseClientTransport.builder("http://localhost:" + port)
                                .sseEndpoint("/sse")
                                .build()))
                        .initializationTimeout(Duration.ofMinutes(1))
                        .requestTimeout(Duration.ofMinutes(1)));
    }

    @Override
    protected McpServer.AsyncSpecification<?> prepareAsyncServerBuilder() {
        return McpServer.async(Adapter.around(provider));
    }

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return McpServer.sync(Adapter.around(provider));
    }
}
