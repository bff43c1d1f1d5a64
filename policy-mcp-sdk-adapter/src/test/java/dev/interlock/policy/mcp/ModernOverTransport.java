package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.ListToolsResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.SubscriptionEvent;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What holds of the SDK's modern client and server, whichever of them is guarded. */
abstract class ModernOverTransport {

    static final List<String> ALL =
            List.of("report", "copy", "secret", "tidy", "route", "ask", "complain", "refuse", "wait", "stream");

    final RecordingLimiter limiter = new RecordingLimiter();

    /** What the person at the client was asked. */
    final List<String> questions = new CopyOnWriteArrayList<>();

    /** That of the last client. */
    PolicyEngine engine;

    /** A client of a new server, with a guard between them. */
    abstract McpSyncClient client(PolicyEngine.Builder settings) throws Exception;

    /** A call to a tool that the client has not seen in a list. */
    abstract McpSyncClient.ToolSpec unseen(McpSyncClient client, String tool);

    /** What has run on the server. */
    abstract String ran();

    static PolicyEngine.Builder engine(Policies policies) {
        return PolicyEngine.builder(policies.policy());
    }

    final PolicyEngine.Builder limited(Policies policies) {
        return engine(policies).rateLimiter(limiter);
    }

    /** A client of this transport, whose person answers every question. */
    final McpClient.SyncBuilder asking(McpClientTransport transport) {
        return McpClient.sync(transport).roundTimeout(Await.PATIENCE).formElicitation(question -> {
            questions.add(question.message());
            return new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("name", "Ada", "age", "36"));
        });
    }

    static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    @Test
    void everyCallIsDecidedAndNoneThatIsDeniedRuns() throws Exception {
        McpSyncClient client = client(engine(new Policies()
                .tool("copy", Policies.limit(2))
                .risk("high+", Policies.denied("Too dangerous."))
                .hiding("secret")));

        // Its rating comes from a list that was not asked for yet.
        assertThat(text(client.tool("tidy").call())).startsWith("[POLICY DENIED] Too dangerous.");
        assertThat(text(unseen(client, "secret").call())).startsWith("[POLICY DENIED]");
        assertThat(text(client.tool("copy").arguments(Map.of("a", 1)).call())).isEqualTo("copy {a=1}");
        assertThat(text(client.tool("copy").call())).startsWith("copy");
        CallToolResult third = client.tool("copy").call();
        assertThat(text(third)).startsWith("[POLICY DENIED]");
        assertThat(third.isError()).isTrue();
        assertThat(ran()).isEqualTo("{copy=2}");
    }

    @Test
    void nothingRunsIfThePolicyDeniesEverything() throws Exception {
        McpSyncClient client = client(engine(new Policies().defaultDeny()));

        for (String tool : ALL) {
            assertThat(text(unseen(client, tool).call())).startsWith("[POLICY DENIED]");
            assertThat(text(unseen(client, tool)
                            .requestState("second")
                            .inputResponses(Map.of())
                            .call()))
                    .startsWith("[POLICY DENIED]");
        }
        assertThat(client.listTools().list().tools()).isEmpty();
        assertThat(ran()).isEqualTo("{}");
    }

    @Test
    void hiddenToolsAreNotListedAndListsAreShortLived() throws Exception {
        McpSyncClient client = client(engine(new Policies().hiding("secret", "copy", "report", "ask")));

        ListToolsResult page = client.tools().list();
        ListToolsResult all = client.listTools().list();

        assertThat(page.cacheScope()).isEqualTo(CacheScope.PRIVATE);
        assertThat(page.ttlMs()).isEqualTo(60_000);
        assertThat(all.tools().stream().map(Tool::name))
                .containsExactly("tidy", "route", "complain", "refuse", "wait", "stream");
    }

    @Test
    void aClientThatListensLearnsOfANewPolicy() throws Exception {
        McpSyncClient client = client(engine(new Policies()));
        BlockingQueue<SubscriptionEvent> events = new LinkedBlockingQueue<>();
        assertThat(client.listTools().list().tools()).hasSize(ALL.size());

        try (AutoCloseable listening = client.listen().toolsChanged().open(events::add)) {
            assertThat(events.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isInstanceOf(SubscriptionEvent.Subscribed.class);
            engine.update(new Policies().hiding("*").policy());

            assertThat(events.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isInstanceOf(SubscriptionEvent.ToolsListChanged.class);
            assertThat(client.listTools().list().tools()).isEmpty();
            assertThat(listening).isNotNull();
        }
    }

    @Test
    void whatIsRedactedOrWithheldNeverReachesTheClientAndMarksAreThereForTheNextCall() throws Exception {
        McpSyncClient client =
                client(PolicyEngine.builder(PolicyYaml.read("""
                version: "1"
                tools:
                  copy: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                  stream: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                  complain:
                    results: [{deny_if: [{path: result.text, op: contains, value: broke}], on_deny: It is broken.}]
                  refuse: {results: [{deny_if: [{path: result.is_error, op: eq, value: true}]}]}
                  tidy: {marks: [tidied]}
                  route: {deny_if: [{path: session.tidied, op: exists, value: true}]}
                """, "test").orThrow()));
        Map<String, Object> arguments = Map.of("a", "SECRET-1");

        CallToolResult copied = client.tool("copy").arguments(arguments).call();
        CallToolResult streamed = client.tool("stream").arguments(arguments).call();
        CallToolResult withheld = client.tool("complain").call();
        CallToolResult failed = client.tool("refuse").call();

        assertThat(text(copied)).isEqualTo("copy {a=[redacted]}");
        assertThat(text(streamed)).isEqualTo("stream {a=[redacted]}");
        assertThat(withheld.isError()).isTrue();
        assertThat(text(withheld)).startsWith("[RESULT WITHHELD] ").contains("It is broken.");
        assertThat(text(failed)).startsWith("[RESULT WITHHELD] ");
        assertThat(copied + " " + streamed + " " + withheld + " " + failed)
                .doesNotContain("SECRET", "it broke", "the tool refused");

        assertThat(text(client.tool("route").arguments(Map.of("region", "eu")).call()))
                .startsWith("route");
        client.tool("tidy").call();
        assertThat(text(client.tool("route").arguments(Map.of("region", "eu")).call()))
                .startsWith("[POLICY DENIED] ");
        assertThat(ran()).isEqualTo("{complain=1, copy=1, refuse=1, route=1, stream=2, tidy=1}");
    }
}
