package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;

/** The server is a process of its own. */
class ServerStdioIT extends ServerEnforcementOverTransport {

    @Override
    McpClientTransport connectToNewServer() {
        return StdioIT.process(GuardedServer.class);
    }

    @Override
    void stopServer() {
        // The client's end of the process closes it.
    }
}
