package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The SDK's modern server, guarded, with its modern client. */
abstract class ModernServerOverTransport extends ModernOverTransport {

    final ModernServer server = new ModernServer();
    private EnforcingRequestManager guarded;

    abstract void serve(McpRequestManager manager) throws Exception;

    /** A transport to what {@link #serve} serves, for a user. */
    abstract McpClientTransport connect(String user) throws Exception;

    abstract void stop() throws Exception;

    @Override
    McpSyncClient client(PolicyEngine.Builder settings) throws Exception {
        serve(settings, guard -> guard);
        return client("ada");
    }

    private void serve(PolicyEngine.Builder settings, UnaryOperator<EnforcingRequestManager.Builder> guard)
            throws Exception {
        engine = settings.build();
        guarded = guard.apply(EnforcingRequestManager.builder(server.server(), engine)
                        .toolListTimeout(Await.PATIENCE)
                        .callContext((transport, reactor) ->
                                CallContext.by(transport.get("user") instanceof String user ? user : "somebody")))
                .build();
        serve(guarded);
    }

    /** A client whose person gives the same answer to each question about a call, and what they are asked for else. */
    private McpSyncClient approving(PolicyEngine.Builder settings, ElicitResult answer) throws Exception {
        serve(settings, EnforcingRequestManager.Builder::elicitApprovals);
        return McpClient.sync(connect("ada"))
                .roundTimeout(Await.PATIENCE)
                .formElicitation(question -> {
                    questions.add(question.message());
                    return question.message().contains("approval")
                            ? answer
                            : new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("name", "Ada", "age", "36"));
                })
                .build();
    }

    McpSyncClient client(String user) throws Exception {
        return asking(connect(user)).build();
    }

    @AfterEach
    void close() throws Exception {
        server.release();
        guarded.closeGracefully();
        stop();
    }

    @Override
    McpSyncClient.ToolSpec unseen(McpSyncClient client, String tool) {
        return client.tool(unlisted(tool));
    }

    @Override
    String ran() {
        return server.ran();
    }

    /** A tool that the client calls without having seen it in a list. */
    static Tool unlisted(String name) {
        return Tool.builder(name, Map.of("type", "object")).build();
    }

    @Test
    void aPersonAnswersInTheMiddleOfACall() throws Exception {
        McpSyncClient client =
                client(limited(new Policies().tool("ask", Policies.limit(10)).tool("stream", Policies.limit(10))));

        assertThat(text(client.tool("ask").arguments(Map.of("a", 1)).call())).isEqualTo("asked [age]");
        assertThat(text(client.tool("stream").arguments(Map.of("a", 1)).call())).isEqualTo("stream {a=1}");
        assertThat(questions).containsExactly("Your name?", "Your age?", "Your name?");
        assertThat(ran()).isEqualTo("{ask=3, stream=2}");
        // Three rounds are one call, and so are two.
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(guarded.runningCalls()).isZero();
    }

    @Test
    void thePersonAtTheClientAgreesAndTheServerAsksForMore() throws Exception {
        McpSyncClient client = approving(
                limited(new Policies()
                        .tool("ask", Policies.limit(10), Policies.ask())
                        .tool("stream", Policies.limit(10), Policies.ask())
                        .tool("copy", Policies.limit(10), Policies.ask())),
                new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("decision", "approve")));

        assertThat(text(client.tool("copy").arguments(Map.of("a", 1)).call())).isEqualTo("copy {a=1}");
        assertThat(text(client.tool("ask").arguments(Map.of("a", 1)).call())).isEqualTo("asked [age]");
        assertThat(text(client.tool("stream").arguments(Map.of("a", 1)).call())).isEqualTo("stream {a=1}");

        assertThat(questions).hasSize(6);
        assertThat(questions.get(1)).contains("call of", "ask", "\"a\": 1");
        assertThat(questions.subList(2, 4)).containsExactly("Your name?", "Your age?");
        assertThat(ran()).isEqualTo("{ask=3, copy=1, stream=2}");
        assertThat(limiter.settlements())
                .containsExactly(
                        CallOutcome.UNSENT,
                        CallOutcome.SUCCEEDED,
                        CallOutcome.UNSENT,
                        CallOutcome.UNKNOWN,
                        CallOutcome.UNSENT,
                        CallOutcome.UNKNOWN);
    }

    @Test
    void whatThePersonChangesIsWhatRuns() throws Exception {
        McpSyncClient client = approving(
                engine(new Policies().tool("route", Policies.ask())),
                new ElicitResult(
                        ElicitResult.Action.ACCEPT, Map.of("decision", "approve", "arguments", "{\"region\":\"us\"}")));
        Tool route = client.listTools().list().tools().stream()
                .filter(tool -> tool.name().equals("route"))
                .findFirst()
                .orElseThrow();

        assertThat(text(client.tool(route).arguments(Map.of("region", "eu")).call()))
                .isEqualTo("route {region=us}");
    }

    @ParameterizedTest
    @EnumSource(names = {"DECLINE", "CANCEL"})
    void aPersonWhoDoesNotAgreeKeepsTheCallFromRunning(ElicitResult.Action action) throws Exception {
        McpSyncClient client =
                approving(engine(new Policies().tool("copy", Policies.ask())), new ElicitResult(action, null));

        assertThat(text(client.tool("copy").call())).startsWith("[POLICY DENIED]");
        assertThat(ran()).isEqualTo("{}");
    }

    @Test
    void aClientThatNobodyAnswersIsNotAsked() throws Exception {
        serve(engine(new Policies().tool("copy", Policies.ask())), EnforcingRequestManager.Builder::elicitApprovals);
        McpSyncClient client = McpClient.sync(connect("ada")).build();

        assertThat(text(client.tool("copy").call())).startsWith("[POLICY DENIED]");
        assertThat(ran()).isEqualTo("{}");
    }

    @Test
    void theGuardTestsItselfBesideTheServer() throws Exception {
        McpSyncClient client = client(engine(new Policies()));
        guarded.selfTest();

        assertThat(text(client.tool("copy").call())).startsWith("copy");
        assertThat(ran()).isEqualTo("{copy=1}");
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
}
