package dev.interlock.examples.serverauthor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProtectedServerTest {

    @Test
    void aClientThatKnowsOfNoPolicyIsHeldToIt() {
        try (McpSyncClient client = McpClient.sync(new StdioClientTransport(
                        ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString())
                                .args(
                                        "-XX:TieredStopAtLevel=1",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        ProtectedServer.class.getName(),
                                        "policy.yaml")
                                .build(),
                        McpJsonDefaults.getMapper()))
                .build()) {
            client.initialize();

            assertThat(client.listTools().tools())
                    .extracting(Tool::name)
                    .containsExactlyInAnyOrder("get_customer", "create_refund");
            assertThat(call(client, "delete_customer", Map.of("id", "c-1"))).startsWith("[POLICY DENIED] ");
            assertThat(call(client, "create_refund", Map.of("customer", "c-1", "amount", 400)))
                    .startsWith("[POLICY DENIED] ");
            assertThat(call(client, "create_refund", Map.of("customer", "c-1", "amount", 40)))
                    .isEqualTo("Refunded 40 to c-1.");
            assertThat(call(client, "get_customer", Map.of("id", "c-1"))).isEqualTo("Ada");
        }
    }

    private static String call(McpSyncClient client, String tool, Map<String, Object> arguments) {
        CallToolResult result = client.callTool(
                CallToolRequest.builder(tool).arguments(arguments).build());
        return ((TextContent) result.content().get(0)).text();
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(Path.of("policy.yaml")).diagnostics()).isEmpty();
    }
}
