package dev.interlock.examples.googleadk;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.adk.runner.InMemoryRunner;
import com.google.genai.types.Content;
import com.google.genai.types.Part;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's own loop runs, with a model that follows a script. */
class AdkAgentTest {

    private final PolicyEngine engine = PolicyEngine.builder(
                    PolicyYaml.read(Path.of("policy.yaml")).orThrow())
            .build();

    @TempDir
    private Path directory;

    private Path record;

    @BeforeEach
    void record() {
        record = directory.resolve("calls.txt");
    }

    private ServerParameters shop() {
        return ServerParameters.builder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args(
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RecordingShop.class.getName(),
                        record.toString())
                .build();
    }

    private static Part refund(int amount) {
        return Part.fromFunctionCall("create_refund", Map.of("customer", "c-1", "amount", amount));
    }

    private static String ask(InMemoryRunner runner) {
        String session = runner.sessionService()
                .createSession(runner.appName(), "ada")
                .blockingGet()
                .id();
        StringBuilder said = new StringBuilder();
        runner.runAsync("ada", session, Content.fromParts(Part.fromText("Refund my order.")))
                .blockingForEach(event -> said.append(event.stringifyContent()));
        return said.toString();
    }

    @Test
    void theAgentIsHeldToItsPolicy() throws Exception {
        ScriptedModel model = new ScriptedModel(
                Part.fromFunctionCall("get_customer", Map.of("id", "c-1")),
                refund(40),
                refund(400),
                refund(50),
                refund(60),
                Part.fromText("Two refunds were made."));

        String said = ask(new InMemoryRunner(ShopAgent.of(model, engine, shop())));

        assertThat(model.offered()).containsExactly("create_refund", "get_customer");
        assertThat(model.heard())
                .satisfiesExactly(
                        found -> assertThat(found).contains("The shop did it: get_customer"),
                        made -> assertThat(made).contains("The shop did it: create_refund"),
                        denied -> assertThat(denied)
                                .contains("error=")
                                .contains("[POLICY DENIED] Refunds above 100 need a person. Hand the case over."),
                        made -> assertThat(made).contains("The shop did it: create_refund"),
                        limited -> assertThat(limited).contains("[POLICY DENIED] Limit of 2 per 60 min reached"));
        assertThat(said).endsWith("Two refunds were made.");
        assertThat(Files.readAllLines(record))
                .hasSize(3)
                .filteredOn(line -> line.contains("400"))
                .isEmpty();
    }

    @Test
    void aHiddenToolIsDeniedToWhoCallsItAllTheSame() {
        McpSyncClient session = ShopAgent.sessions(engine, shop()).createSession();
        try {
            CallToolResult result = session.callTool(new CallToolRequest("delete_customer", Map.of("id", "c-1")));

            assertThat(result.isError()).isTrue();
            assertThat(result.content().toString()).contains("[POLICY DENIED] Tool 'delete_customer' is not available");
            assertThat(record).doesNotExist();
        } finally {
            session.close();
        }
    }
}
