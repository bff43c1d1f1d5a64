package dev.interlock.policy.mcp;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;

/** The server is a process of its own. */
@SuppressWarnings("JUnitMethodInvoked") // A test that is run on some lines only is the inherited one all the same.
class StdioIT extends EnforcementOverTransport {

    static final String LOSES_MESSAGES =
            "before 2.1, the SDK's servers on stdio lose an answer (\"Failed to enqueue message\") if the"
                    + " one before is still being written, with and without a policy";

    @Override
    McpClientTransport connectToNewServer() {
        return process(TestServer.class);
    }

    /** A transport to a process that runs a class of ours. */
    static McpClientTransport process(Class<?> main) {
        ServerParameters server = ServerParameters.builder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName())
                .build();
        return new StdioClientTransport(server, McpJsonDefaults.getMapper());
    }

    @Override
    void stopServer() {
        // The client's end of the process closes it.
    }

    @Override
    void loseServer() {
        ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    boolean startsAtOnce() {
        return false;
    }

    @Override
    void assumeManyMessagesPass() {
        assumeFalse(System.getProperty("sdk.line", "2.1").equals("2.0"), StdioIT.LOSES_MESSAGES);
    }
}
