package dev.interlock.examples.springagent;

import static dev.interlock.examples.springagent.ScriptedModel.calling;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.examples.springai.SpringHost;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The agent's own loop runs, with a model that follows a script. */
class SpringAgentTest {

    private static final String POLICY = """
            version: "1"
            default: deny
            tools:
              get_customer: {}
              create_refund:
                rules:
                  - name: small-refunds
                    conditions:
                      - {path: args.amount, op: lte, value: 100}
                    on_deny: Refunds above 100 need a person. Hand the case over.
                  - name: refunds-per-hour
                    rate_limit: {max: 2, window: 3600}
            """;

    @TempDir
    private Path directory;

    private ConfigurableApplicationContext start() throws Exception {
        Path policy = Files.writeString(directory.resolve("policy.yaml"), POLICY);
        return SpringApplication.run(
                SpringHost.class, "--policy=" + policy, "--spring.ai.mcp.client.request-timeout=5m");
    }

    private static AssistantMessage refund(int amount) {
        return calling("create_refund", "{\"customer\": \"c-1\", \"amount\": " + amount + "}");
    }

    @Test
    void theAgentIsHeldToItsPolicy() throws Exception {
        ScriptedModel model = new ScriptedModel(
                calling("get_customer", "{\"id\": \"c-1\"}"),
                refund(40),
                refund(400),
                refund(50),
                refund(60),
                new AssistantMessage("Two refunds were made."));
        String said;
        try (ConfigurableApplicationContext context = start()) {
            said = ChatClient.create(model)
                    .prompt()
                    .user("Refund my order.")
                    .tools(context.getBean(ToolCallbackProvider.class))
                    .call()
                    .content();
        }

        assertThat(model.offered()).containsExactly("create_refund", "get_customer");
        assertThat(model.heard())
                .satisfiesExactly(
                        found -> assertThat(found).contains("Ada"),
                        made -> assertThat(made).contains("Refunded 40 to c-1."),
                        denied -> assertThat(denied)
                                .contains("[POLICY DENIED] Refunds above 100 need a person. Hand the case over."),
                        made -> assertThat(made).contains("Refunded 50 to c-1."),
                        limited -> assertThat(limited).contains("[POLICY DENIED] Limit of 2 per 60 min reached"));
        assertThat(said).isEqualTo("Two refunds were made.");
    }

    @Test
    void aHiddenToolIsDeniedToWhoCallsItAllTheSame() throws Exception {
        try (ConfigurableApplicationContext context = start()) {
            List<?> clients = context.getBean("mcpSyncClients", List.class);
            McpSyncClient client = (McpSyncClient) clients.get(0);

            assertThat(client.callTool(CallToolRequest.builder("delete_customer")
                                    .arguments(Map.of("id", "c-1"))
                                    .build())
                            .content()
                            .toString())
                    .contains("[POLICY DENIED] Tool 'delete_customer' is not available");
            assertThat(client.callTool(CallToolRequest.builder("get_customer")
                                    .arguments(Map.of("id", "c-1"))
                                    .build())
                            .content()
                            .toString())
                    .contains("Ada");
        }
    }
}
