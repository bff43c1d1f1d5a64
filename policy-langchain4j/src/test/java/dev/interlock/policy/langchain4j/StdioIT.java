package dev.interlock.policy.langchain4j;

import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.client.transport.stdio.StdioMcpTransport;
import java.nio.file.Path;
import java.util.List;

/** The server is a process of its own. */
class StdioIT extends EnforcementOverTransport {

    @Override
    McpTransport connectToNewServer() {
        return StdioMcpTransport.builder()
                .command(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TestServer.class.getName()))
                .build();
    }

    @Override
    void stopServer() {
        // It ends with its input.
    }
}
