package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The SDK's modern client, guarded, with its modern server. */
abstract class ModernEnforcementOverTransport extends ModernOverTransport {

    private McpClientTransport bare;
    private EnforcingModernTransport guarded;

    /** A transport to a new {@link ModernServer}. */
    abstract McpClientTransport connectToNewServer() throws Exception;

    abstract void stopServer() throws Exception;

    @Override
    McpSyncClient client(PolicyEngine.Builder settings) throws Exception {
        engine = settings.build();
        bare = connectToNewServer();
        guarded = EnforcingModernTransport.builder(bare, engine)
                .toolListTimeout(Await.PATIENCE)
                .callContext((transport, reactor) ->
                        CallContext.by(transport.get("user") instanceof String user ? user : "somebody"))
                .build();
        return asking(guarded)
                .transportContextProvider(() -> McpTransportContext.create(Map.of("user", "ada")))
                .build();
    }

    @AfterEach
    void close() throws Exception {
        guarded.close();
        stopServer();
    }

    @Override
    McpSyncClient.ToolSpec unseen(McpSyncClient client, String tool) {
        return client.tool(tool);
    }

    /** As the server says to a client without a guard. */
    @Override
    String ran() {
        return text(McpClient.sync(bare)
                .roundTimeout(Await.PATIENCE)
                .build()
                .tool("report")
                .call());
    }

    @Test
    void aPersonAnswersInTheMiddleOfACall() throws Exception {
        McpSyncClient client = client(limited(new Policies().tool("ask", Policies.limit(10))));

        assertThat(text(client.tool("ask").arguments(Map.of("a", 1)).call())).isEqualTo("asked [age]");
        assertThat(questions).containsExactly("Your name?", "Your age?");
        // Three rounds are one call.
        assertThat(limiter.reserved()).isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        assertThat(guarded.continuations()).isZero();
        assertThat(ran()).isEqualTo("{ask=3}");
    }

    @Test
    void aRoundThatANewPolicyDeniesEndsTheCall() throws Exception {
        McpSyncClient client = client(limited(new Policies().tool("ask", Policies.limit(10))));

        CallToolResult denied = client.tool("ask")
                .formElicitation(question -> {
                    engine.update(new Policies()
                            .tool("ask", Policies.denied("no more"))
                            .policy());
                    return new ElicitResult(ElicitResult.Action.ACCEPT, Map.of());
                })
                .call();

        assertThat(text(denied)).startsWith("[POLICY DENIED] no more");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(ran()).isEqualTo("{ask=1}");
    }

    @Test
    void statesThatAreForgedOrUsedTwiceAreNewCalls() throws Exception {
        McpSyncClient client = client(limited(new Policies().tool("ask", Policies.limit(10))));
        String state = ((InputRequiredResult) client.tool("ask").callOnce()).requestState();

        assertThatThrownBy(() -> client.tool("ask").requestState(state + "x").callOnce())
                .isInstanceOf(McpException.class);
        assertThat(limiter.reserved()).isEqualTo(2);
        client.tool("ask").requestState(state).arguments(Map.of("other", 1)).callOnce();
        assertThat(limiter.reserved()).isEqualTo(3);
        client.tool("ask").requestState(state).callOnce();
        assertThat(limiter.reserved()).isEqualTo(3);
        client.tool("ask").requestState(state).callOnce();
        assertThat(limiter.reserved()).isEqualTo(4);
    }

    @Test
    void requestsWithinAnswersFollowMethods() throws Exception {
        McpSyncClient client = client(
                limited(new Policies().tool("ask", Policies.limit(10)).method("elicitation/create", Posture.DENY)));

        assertThat(text(client.tool("ask").call())).startsWith("[POLICY DENIED]");
        assertThat(questions).isEmpty();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void callsAreSettledByHowTheyEnd() throws Exception {
        McpSyncClient client = client(limited(new Policies()
                .tool("copy", Policies.limit(10))
                .tool("complain", Policies.limit(10))
                .tool("refuse", Policies.limit(10))
                .tool("wait", Policies.limit(10))));

        client.tool("copy").call();
        client.tool("complain").call();
        assertThatThrownBy(() -> client.tool("refuse").call()).isInstanceOf(McpException.class);
        assertThatThrownBy(() ->
                        client.tool("wait").callTimeout(Duration.ofMillis(500)).call())
                .isInstanceOf(RuntimeException.class);

        Await.until(() -> limiter.settlements().size() == 4);
        assertThat(limiter.settlements())
                .containsExactly(
                        CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED, CallOutcome.UNKNOWN);
        assertThat(guarded.callsBeingDecided()).isZero();
    }

    @Test
    void argumentsInHeadersAreThoseThatAreSent() throws Exception {
        Map<String, Object> edited = Map.of("region", "where a person wants it \u00e9");
        McpSyncClient client = client(engine(new Policies().tool("route", Policies.ask()))
                .approvals(request -> CompletableFuture.completedFuture(
                        ApprovalAnswer.approved("Ada", Arguments.freeze(edited, ValueLimits.DEFAULT)))));

        assertThat(text(client.tool("route").arguments(Map.of("region", "eu")).call()))
                .isEqualTo("route " + edited);
        assertThat(text(client.tool("route").call())).isEqualTo("route " + edited);
    }

    @Test
    void theCallerIsWhomTheHostSays() throws Exception {
        McpSyncClient client =
                client(engine(new Policies().granting("ada", "copy").granting("bob", "tidy")));

        assertThat(text(client.tool("copy").call())).startsWith("copy");
        assertThat(text(client.tool("tidy").call())).startsWith("[POLICY DENIED]");
        assertThat(client.listTools().list().tools().stream().map(Tool::name)).containsExactly("copy");
    }

    @Test
    void theSelfTestTellsWhetherAClientUsesTheTransport() throws Exception {
        McpSyncClient client = client(engine(new Policies()));

        assertThatThrownBy(guarded::selfTest)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not the bare one");
        client.discover();
        guarded.selfTest();
        assertThat(ran()).isEqualTo("{}");
    }

    @Test
    void afterClosingNothingIsSent() throws Exception {
        McpSyncClient client = client(engine(new Policies()));
        client.discover();

        guarded.close();

        assertThatThrownBy(() -> client.tool("copy").call())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
