package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;

/** In one process, without a wire. */
class ServerInMemoryIT extends ServerEnforcementOverTransport {

    private final InMemoryPair pair = new InMemoryPair();
    private final GuardedServer server = new GuardedServer();

    @Override
    McpClientTransport connectToNewServer() {
        server.on(pair.server());
        return pair.client();
    }

    @Override
    GuardedServer.Report reportAfterwards() {
        return afterwards(server);
    }

    @Override
    void stopServer() {
        server.stop();
        pair.close();
    }
}
