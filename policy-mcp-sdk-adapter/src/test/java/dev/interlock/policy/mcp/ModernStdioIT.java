package dev.interlock.policy.mcp;

import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.StdioMcpClientTransport;
import java.nio.file.Path;

/** The server is in a process of its own. */
class ModernStdioIT extends ModernEnforcementOverTransport {

    @Override
    McpClientTransport connectToNewServer() {
        return StdioMcpClientTransport.builder(
                        ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString())
                                .args(
                                        "-XX:TieredStopAtLevel=1",
                                        "-XX:+UseSerialGC",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        ModernServer.class.getName())
                                .build())
                .start();
    }

    @Override
    void stopServer() {
        // Closing the transport has ended the process.
    }
}
