package dev.interlock.policy.mcp;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.modelcontextprotocol.spec.McpClientTransport;
import org.junit.jupiter.api.AfterAll;

/** The server is in a process of its own. */
@SuppressWarnings("JUnitMethodInvoked") // A test that is run on some lines only is the inherited one all the same.
class ServerStdioIT extends ServerEnforcementOverTransport {

    private static final ServerProcess PROCESS = new ServerProcess(GuardedServer.class);

    @Override
    McpClientTransport connectToNewServer() throws InterruptedException {
        return PROCESS.connect();
    }

    @Override
    void stopServer() {
        // The next client's server ends this one's.
    }

    @AfterAll
    static void stop() {
        PROCESS.stop();
    }

    @Override
    void assumeManyMessagesPass() {
        assumeFalse(System.getProperty("sdk.line", "2.1").equals("2.0"), StdioIT.LOSES_MESSAGES);
    }
}
