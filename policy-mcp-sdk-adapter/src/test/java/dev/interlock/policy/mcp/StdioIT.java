package dev.interlock.policy.mcp;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.modelcontextprotocol.spec.McpClientTransport;
import org.junit.jupiter.api.AfterAll;

/** The server is in a process of its own. */
@SuppressWarnings("JUnitMethodInvoked") // A test that is run on some lines only is the inherited one all the same.
class StdioIT extends EnforcementOverTransport {

    static final String LOSES_MESSAGES =
            "before 2.1, the SDK's servers on stdio lose an answer (\"Failed to enqueue message\") if the"
                    + " one before is still being written, with and without a policy";

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

    @Override
    void assumeManyMessagesPass() {
        assumeFalse(System.getProperty("sdk.line", "2.1").equals("2.0"), StdioIT.LOSES_MESSAGES);
    }
}
