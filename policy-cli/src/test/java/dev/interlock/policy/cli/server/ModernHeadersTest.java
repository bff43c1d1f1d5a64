package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.HeaderValues;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModernHeadersTest {

    private final ModernHeaders headers = new ModernHeaders();

    private static JSONRPCRequest request(String method, Map<String, Object> params) {
        return new JSONRPCRequest("2.0", method, 1, params);
    }

    @Test
    void aNameIsRepeatedAsAHeaderCanCarryIt() {
        assertThat(HeaderValues.byText()).allSatisfy((text, value) -> {
            assertThat(headers.of(request("tools/call", Map.of("name", text))))
                    .isEqualTo(Map.of("Mcp-Method", "tools/call", "Mcp-Name", value));
            assertThat(headers.of(request("resources/read", Map.of("uri", text))))
                    .isEqualTo(Map.of("Mcp-Method", "resources/read", "Mcp-Name", value));
        });
    }

    @Test
    void anArgumentIsRepeatedAsAHeaderCanCarryIt() {
        headers.learn(Map.of(
                "tools",
                List.of(Map.of(
                        "name",
                        "book",
                        "inputSchema",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                Map.of("room", Map.of("type", "string", "x-mcp-header", "Room")))))));

        assertThat(HeaderValues.byText())
                .allSatisfy((text, value) -> assertThat(headers.of(
                                request("tools/call", Map.of("name", "book", "arguments", Map.of("room", text)))))
                        .containsEntry("Mcp-Param-Room", value));
    }

    @Test
    void aToolWithoutANameIsListedLikeAnyOther() {
        Map<String, Object> page = Map.of(
                "tools", List.of(Map.of("name", " ", "inputSchema", Map.of("type", "object")), Map.of("name", "a")));

        assertThat(headers.learn(page)).isEqualTo(page);
    }
}
