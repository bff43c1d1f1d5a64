package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import org.junit.jupiter.api.AfterAll;

/** The server is in a process of its own. */
class ServerStdioIT extends ServerEnforcementOverTransport {

    private static final ServerProcess PROCESS = new ServerProcess(GuardedServer.class);

    @Override
    McpClientTransport connectToNewServer() throws InterruptedException {
        return PROCESS.connect();
    }

    @Override
    GuardedServer.Report reportAfterwards() throws Exception {
        McpSyncClient next = client();
        Await.until(() -> report(next, GuardedServer.BEFORE).running() == 0);
        return report(next, GuardedServer.BEFORE);
    }

    @Override
    void stopServer() {
        // The next client's server ends this one's.
    }

    @AfterAll
    static void stop() {
        PROCESS.stop();
    }
}
