package dev.interlock.policy.mcp.suites;

import io.modelcontextprotocol.client.AbstractMcpAsyncClientTests;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SseClientAsyncSuite extends AbstractMcpAsyncClientTests {

    private @Nullable Everything server;

    @BeforeAll
    void start() throws Exception {
        server = Everything.overHttp("sse");
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected McpClientTransport createMcpTransport() {
        return Adapter.around(HttpClientSseClientTransport.builder(server.url()).build());
    }
}
