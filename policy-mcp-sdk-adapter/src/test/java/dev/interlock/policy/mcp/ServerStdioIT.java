package dev.interlock.policy.mcp;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.modelcontextprotocol.spec.McpClientTransport;

/** The server is a process of its own. */
@SuppressWarnings("JUnitMethodInvoked") // A test that is run on some lines only is the inherited one all the same.
class ServerStdioIT extends ServerEnforcementOverTransport {

    @Override
    McpClientTransport connectToNewServer() {
        return StdioIT.process(GuardedServer.class);
    }

    @Override
    void stopServer() {
        // The client's end of the process closes it.
    }

    @Override
    void assumeManyMessagesPass() {
        assumeFalse(System.getProperty("sdk.line", "2.1").equals("2.0"), StdioIT.LOSES_MESSAGES);
    }
}
