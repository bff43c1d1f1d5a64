package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.ListToolsResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.SubscriptionEvent;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The SDK's modern server, guarded, with its modern client. */
abstract class ModernServerOverTransport {

    private static final List<String> ALL =
            List.of("report", "copy", "secret", "tidy", "route", "ask", "complain", "refuse", "wait", "stream");

    final ModernServer server = new ModernServer();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private PolicyEngine engine;
    private EnforcingRequestManager guarded;

    abstract void serve(McpRequestManager manager) throws Exception;

    /** A transport to what {@link #serve} serves, for a user. */
    abstract McpClientTransport connect(String user) throws Exception;

    abstract void stop() throws Exception;

    McpSyncClient client(PolicyEngine.Builder settings) throws Exception {
        engine = settings.build();
        guarded = EnforcingRequestManager.builder(server.server(), engine)
                .callContext((transport, reactor) ->
                        CallContext.by(transport.get("user") instanceof String user ? user : "somebody"))
                .build();
        serve(guarded);
        return client("ada");
    }

    McpSyncClient client(String user) throws Exception {
        return McpClient.sync(connect(user))
                .roundTimeout(Await.PATIENCE)
                .formElicitation(question -> {
                    questions.add(question.message());
                    return new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("name", "Ada", "age", "36"));
                })
                .build();
    }

    @AfterEach
    void close() throws Exception {
        server.release();
        guarded.closeGracefully();
        stop();
    }

    static PolicyEngine.Builder engine(Policies policies) {
        return PolicyEngine.builder(policies.policy());
    }

    private PolicyEngine.Builder limited(Policies policies) {
        return engine(policies).rateLimiter(limiter);
    }

    static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    /** A tool that the client calls without having seen it in a list. */
    static Tool unlisted(String name) {
        return Tool.builder(name, Map.of("type", "object")).build();
    }

    @Test
    void everyCallIsDecidedAndNoneThatIsDeniedRuns() throws Exception {
        McpSyncClient client = client(engine(new Policies()
                .tool("copy", Policies.limit(2))
                .risk("high+", Policies.denied("Too dangerous."))
                .hiding("secret")));

        // Its rating comes from a list that was not asked for yet.
        assertThat(text(client.tool("tidy").call())).startsWith("[POLICY DENIED] Too dangerous.");
        assertThat(text(client.tool(unlisted("secret")).call())).startsWith("[POLICY DENIED]");
        assertThat(text(client.tool("copy").arguments(Map.of("a", 1)).call())).isEqualTo("copy {a=1}");
        assertThat(text(client.tool("copy").call())).startsWith("copy");
        CallToolResult third = client.tool("copy").call();
        assertThat(text(third)).startsWith("[POLICY DENIED]");
        assertThat(third.isError()).isTrue();
        assertThat(server.ran()).isEqualTo("{copy=2}");
    }

    @Test
    void nothingRunsIfThePolicyDeniesEverything() throws Exception {
        McpSyncClient client = client(engine(new Policies().defaultDeny()));

        for (String tool : ALL) {
            assertThat(text(client.tool(unlisted(tool)).call())).startsWith("[POLICY DENIED]");
            assertThat(text(client.tool(unlisted(tool))
                            .requestState("second")
                            .inputResponses(Map.of())
                            .call()))
                    .startsWith("[POLICY DENIED]");
        }
        assertThat(client.listTools().list().tools()).isEmpty();
        assertThat(server.ran()).isEqualTo("{}");
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
    void aPersonAnswersInTheMiddleOfACall() throws Exception {
        McpSyncClient client =
                client(limited(new Policies().tool("ask", Policies.limit(10)).tool("stream", Policies.limit(10))));

        assertThat(text(client.tool("ask").arguments(Map.of("a", 1)).call())).isEqualTo("asked [age]");
        assertThat(text(client.tool("stream").arguments(Map.of("a", 1)).call())).isEqualTo("stream {a=1}");
        assertThat(questions).containsExactly("Your name?", "Your age?", "Your name?");
        assertThat(server.ran()).isEqualTo("{ask=3, stream=2}");
        // Three rounds are one call, and so are two.
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(guarded.runningCalls()).isZero();
    }

    @Test
    void statesThatAreForgedOrUsedTwiceAreNewCalls() throws Exception {
        McpSyncClient client = client(limited(new Policies().tool("ask", Policies.limit(10))));
        String state = ((InputRequiredResult) client.tool("ask").callOnce()).requestState();

        assertThatThrownBy(() -> client.tool("ask").requestState("x" + state).callOnce())
                .isInstanceOf(McpException.class);
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThatThrownBy(() -> client.tool("ask")
                        .requestState(state)
                        .arguments(Map.of("other", 1))
                        .callOnce())
                .isInstanceOf(McpException.class);
        assertThat(limiter.reserved()).isEqualTo(3);
        client.tool("ask").requestState(state).callOnce();
        assertThat(limiter.reserved()).isEqualTo(3);
        client.tool("ask").requestState(state).callOnce();
        assertThat(limiter.reserved()).isEqualTo(4);
    }

    @Test
    void requestsWithinAnswersFollowMethods() throws Exception {
        McpSyncClient client = client(limited(new Policies()
                .tool("ask", Policies.limit(10))
                .tool("stream", Policies.limit(10))
                .method("elicitation/create", Posture.DENY)));

        assertThat(text(client.tool("ask").call())).startsWith("[POLICY DENIED]");
        assertThat(text(client.tool("stream").call())).startsWith("[POLICY DENIED]");
        assertThat(questions).isEmpty();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
    }

    @Test
    void callsAreSettledByHowTheyEnd() throws Exception {
        McpSyncClient client = client(limited(new Policies()
                .tool("copy", Policies.limit(10))
                .tool("complain", Policies.limit(10))
                .tool("refuse", Policies.limit(10))));

        client.tool("copy").call();
        client.tool("complain").call();
        assertThatThrownBy(() -> client.tool("refuse").call()).isInstanceOf(McpException.class);

        assertThat(limiter.settlements())
                .containsExactly(CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);
        assertThat(guarded.callsBeingDecided()).isZero();
        assertThat(guarded.runningCalls()).isZero();
    }

    @Test
    void argumentsThatAPersonHasChangedRunThoughHeadersRepeatTheOldOnes() throws Exception {
        Map<String, Object> edited = Map.of("region", "where a person wants it \u00e9");
        McpSyncClient client = client(engine(new Policies().tool("route", Policies.ask()))
                .approvals(request -> CompletableFuture.supplyAsync(
                        () -> ApprovalAnswer.approved("Ada", Arguments.freeze(edited, ValueLimits.DEFAULT)))));
        Tool route = client.listTools().list().tools().stream()
                .filter(tool -> tool.name().equals("route"))
                .findFirst()
                .orElseThrow();

        assertThat(text(client.tool(route).arguments(Map.of("region", "eu")).call()))
                .isEqualTo("route " + edited);
    }

    @Test
    void aDeniedMethodIsRefused() throws Exception {
        McpSyncClient client = client(engine(new Policies().method("server/discover", Posture.DENY)));

        assertThatThrownBy(client::discover).hasMessageContaining("[POLICY DENIED]");
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
}
