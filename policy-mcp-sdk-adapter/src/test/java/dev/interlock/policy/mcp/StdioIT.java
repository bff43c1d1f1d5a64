package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;
import org.junit.jupiter.api.AfterAll;

/** The server is in a process of its own. */
class StdioIT extends EnforcementOverTransport {

    private static final ServerProcess PROCESS = new ServerProcess(TestServer.class);

    private boolean lost;

    @Override
    McpClientTransport connectToNewServer() throws InterruptedException {
        return PROCESS.connect();
    }

    @Override
    void stopServer() {
        if (lost) {
            PROCESS.stop();
        }
    }

    @AfterAll
    static void stop() {
        PROCESS.stop();
    }

    @Override
    void loseServer() {
        lost = true;
        PROCESS.kill();
    }
}
