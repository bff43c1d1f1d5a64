package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

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

    @Test
    @DisabledIfSystemProperty(named = "sdk.line", matches = "2\\.0", disabledReason = StdioIT.LOSES_MESSAGES)
    @Override
    void nothingStaysBehindAfterManyCallsAtOnce() throws Exception {
        super.nothingStaysBehindAfterManyCallsAtOnce();
    }

    @Test
    @DisabledIfSystemProperty(named = "sdk.line", matches = "2\\.0", disabledReason = StdioIT.LOSES_MESSAGES)
    @Override
    void aCallThatItsCallerHasGivenUpIsSettledByHowItReallyEnds() throws Exception {
        super.aCallThatItsCallerHasGivenUpIsSettledByHowItReallyEnds();
    }
}
