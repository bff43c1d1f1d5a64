package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A guarded client over stdio; the server is in a process of its own. */
class AnySdkClientIT extends AnySdkContract {

    private EnforcingClientTransport guarded;

    @Override
    McpClientTransport connect(PolicyEngine engine) {
        ServerParameters server = ServerParameters.builder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args("-cp", System.getProperty("java.class.path"), AnySdkServer.class.getName())
                .build();
        guarded = EnforcingClientTransport.builder(
                        new StdioClientTransport(server, McpJsonDefaults.getMapper()), engine)
                .toolListTimeout(Await.PATIENCE)
                .build();
        return guarded;
    }

    @Test
    void theSelfTestPasses() throws Exception {
        makeCallsOfEachKind();

        guarded.selfTest();

        assertThat(guarded.pendingRequests()).isZero();
    }

    @Override
    void stop() {
        // Closing the client has ended the process.
    }
}
