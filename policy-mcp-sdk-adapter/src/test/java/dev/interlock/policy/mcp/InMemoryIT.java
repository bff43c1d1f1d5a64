package dev.interlock.policy.mcp;

import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.spec.McpClientTransport;
import org.jspecify.annotations.Nullable;

/** In one process, without a wire. */
class InMemoryIT extends EnforcementOverTransport {

    private final InMemoryPair pair = new InMemoryPair();
    private @Nullable McpSyncServer server;

    @Override
    McpClientTransport connectToNewServer() {
        server = new TestServer()
                .configure(McpServer.sync(new PagingProvider(pair.server())))
                .build();
        return pair.client();
    }

    @Override
    void stopServer() {
        server.closeGracefully();
        pair.close();
    }

    @Override
    void loseServer() {
        pair.close();
    }
}
