package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What holds on every version of the SDK, from the oldest that is supported to the newest. Uses nothing but what all of
 * them have.
 */
abstract class AnySdkContract {

    private final PolicyEngine engine = PolicyEngine.builder(new Policies()
                    .tool("secret", Policies.denied("Not for agents."))
                    .tool("copy_store", Policies.requiredArguments(), Policies.limit(2))
                    .risk("high+", Policies.denied("Too dangerous."))
                    .hiding("secret")
                    .policy())
            .build();

    private McpSyncClient client;

    /** A client's transport to a new server of {@link AnySdkServer}. One of the two ends enforces. */
    abstract McpClientTransport connect(PolicyEngine engine) throws Exception;

    abstract void stop() throws Exception;

    private void initialize() throws Exception {
        client = McpClient.sync(connect(engine))
                .requestTimeout(Await.PATIENCE)
                .initializationTimeout(Await.PATIENCE)
                .build();
        client.initialize();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        stop();
    }

    @Test
    void everyCallIsDecidedAndNoneThatIsDeniedRuns() throws Exception {
        makeCallsOfEachKind();
    }

    final void makeCallsOfEachKind() throws Exception {
        initialize();

        // Its rating comes from a list that was not asked for yet.
        assertThat(call("tidy", Map.of())).startsWith("[POLICY DENIED] Too dangerous.");
        assertThat(call("secret", Map.of())).startsWith("[POLICY DENIED]");
        assertThat(call("copy_store", Map.of())).startsWith("[POLICY DENIED]");
        assertThat(call("copy_store", Map.of("to", "a"))).isEqualTo("{copy_store=1}");
        assertThat(call("copy_store", Map.of("to", "b"))).isEqualTo("{copy_store=2}");
        assertThat(call("copy_store", Map.of("to", "c"))).startsWith("[POLICY DENIED]");
        assertThat(call("read_store", Map.of())).isEqualTo("{copy_store=2, read_store=1}");
    }

    @Test
    void aHiddenToolIsNotListed() throws Exception {
        initialize();

        assertThat(client.listTools().tools().stream().map(Tool::name))
                .containsExactlyInAnyOrder("read_store", "copy_store", "tidy");
    }

    private String call(String tool, Map<String, Object> arguments) {
        CallToolResult result = client.callTool(new CallToolRequest(tool, arguments, null));
        return ((TextContent) result.content().get(0)).text();
    }
}
