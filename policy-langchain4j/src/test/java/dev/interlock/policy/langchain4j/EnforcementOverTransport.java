package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.ToolArgumentsException;
import dev.langchain4j.exception.ToolExecutionException;
import dev.langchain4j.mcp.McpToolProvider;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.client.McpTextResourceContents;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.service.tool.ToolExecutor;
import dev.langchain4j.service.tool.ToolProviderRequest;
import dev.langchain4j.service.tool.ToolProviderResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What LangChain4j's client sees of a real server through the enforcing transport, and what the server sees of it. */
abstract class EnforcementOverTransport {

    private static final String EXPORT = """
            version: "1"
            default: allow
            tools:
              start_export:
                rules:
                  - name: rate
                    rate_limit: {max: 10, window: 30d}
                  - name: arguments
                    validate: {required_args: true}
              delete_store:
                rules:
                  - name: no-deletion
                    action: deny
                    reason: Stores are not deleted by agents.
            """;

    private @Nullable EnforcingMcpTransport transport;
    private @Nullable McpClient client;

    /** Whose client it is; null for somebody's, whose session is only the connection's. */
    private @Nullable String identity;

    /** A transport to a server that has seen no call yet. */
    abstract McpTransport connectToNewServer() throws Exception;

    abstract void stopServer() throws Exception;

    private McpClient client(String policy, RateLimiter limiter) throws Exception {
        return client(engine(policy).rateLimiter(limiter), EnforcingMcpTransportTest.PATIENCE);
    }

    private static PolicyEngine.Builder engine(String policy) {
        return PolicyEngine.builder(PolicyYaml.read(policy, "test").orThrow());
    }

    private McpClient client(PolicyEngine.Builder engine, Duration patience) throws Exception {
        EnforcingMcpTransport.Builder guard = EnforcingMcpTransport.builder(connectToNewServer(), engine.build())
                .toolListTimeout(EnforcingMcpTransportTest.PATIENCE);
        transport = (identity == null ? guard : guard.identity(identity)).build();
        client = DefaultMcpClient.builder()
                .transport(transport)
                .toolExecutionTimeout(patience)
                .initializationTimeout(EnforcingMcpTransportTest.PATIENCE)
                .pingTimeout(EnforcingMcpTransportTest.PATIENCE)
                .autoHealthCheck(false)
                .build();
        return client;
    }

    private McpClient client(String policy) throws Exception {
        return client(policy, InMemoryRateLimiter.create());
    }

    @AfterEach
    void close() throws Exception {
        if (client != null) {
            client.close();
        }
        stopServer();
    }

    private static ToolExecutionRequest call(String tool, String arguments) {
        return ToolExecutionRequest.builder().name(tool).arguments(arguments).build();
    }

    /** What the server says of the calls that have reached it. */
    private static String reached(McpClient client) {
        return ((McpTextResourceContents)
                        client.readResource(TestServer.CALLS).contents().get(0))
                .text();
    }

    @Test
    void theEleventhExportIsDeniedAndTheServerCountsTen() throws Exception {
        McpClient client = client(EXPORT);

        for (int i = 0; i < 10; i++) {
            assertThat(client.executeTool(call("start_export", "{\"to\": \"b" + i + "\"}"))
                            .resultText())
                    .isEqualTo("start_export {to=b" + i + "}");
        }
        assertThatThrownBy(() -> client.executeTool(call("start_export", "{\"to\": \"b10\"}")))
                .isInstanceOf(ToolExecutionException.class)
                .hasMessageStartingWith("[POLICY DENIED] Limit of 10 per 30 days reached");

        assertThat(reached(client)).isEqualTo("{start_export=10}");
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aCallWithoutARequiredArgumentIsDeniedThoughNoOneListedTheTools() throws Exception {
        McpClient client = client(EXPORT);

        assertThatThrownBy(() -> client.executeTool(call("start_export", "{\"note\": 1}")))
                .hasMessageStartingWith("[POLICY DENIED] ")
                .hasMessageContaining("to");
        client.executeTool(call("start_export", "{\"to\": \"x\"}"));

        assertThat(reached(client)).isEqualTo("{start_export=1}");
    }

    @Test
    void aDeniedToolIsRunByNoWayThatLeadsToTheClient() throws Exception {
        McpClient client = client(EXPORT);
        ToolProviderResult tools = McpToolProvider.builder()
                .mcpClients(client)
                .build()
                .provideTools(new ToolProviderRequest("memory", UserMessage.from("hello")));
        ToolExecutor executor = tools.aiServiceTools().stream()
                .filter(tool -> tool.toolSpecification().name().equals("delete_store"))
                .findFirst()
                .orElseThrow()
                .toolExecutor();
        ToolExecutionRequest deletion = call("delete_store", "{\"id\": \"x\"}");

        assertThatThrownBy(() -> client.executeTool(deletion))
                .hasMessageContaining("Stores are not deleted by agents.");
        assertThatThrownBy(() -> executor.execute(deletion, "memory")).hasMessageStartingWith("[POLICY DENIED] ");

        assertThat(reached(client)).isEqualTo("{}");
    }

    @Test
    void whatIsHiddenOrNeverAllowedIsNotListed() throws Exception {
        McpClient client = client("""
                version: "1"
                default: deny
                hide: [delete_*]
                tools:
                  read_item: {}
                """);

        assertThat(client.listTools()).extracting(ToolSpecification::name).containsExactly("read_item");
        assertThatThrownBy(() -> client.executeTool(call("delete_store", "{}")))
                .hasMessageStartingWith("[POLICY DENIED] ");
        assertThatThrownBy(() -> client.executeTool(call("complain", "{}"))).hasMessageStartingWith("[POLICY DENIED] ");
        assertThat(reached(client)).isEqualTo("{}");
    }

    @Test
    void aDeniedMethodFailsAndTheClientLivesOn() throws Exception {
        McpClient client = client("""
                version: "1"
                default: allow
                methods:
                  resources/list: deny
                """);

        assertThatThrownBy(client::listResources)
                .rootCause()
                .isInstanceOf(McpException.class)
                .hasMessageContaining("[POLICY DENIED] ");
        assertThat(client.listTools()).hasSize(5);
        client.checkHealth();
    }

    @Test
    void everyEndingSettlesItsReservationOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpClient client = client("""
                version: "1"
                default: allow
                tools:
                  "*":
                    rules:
                      - rate_limit: {max: 10, window: 30d}
                """, limiter);

        client.executeTool(call("read_item", "{\"id\": \"x\"}"));
        assertThatThrownBy(() -> client.executeTool(call("complain", "{}"))).isInstanceOf(ToolExecutionException.class);
        assertThatThrownBy(() -> client.executeTool(call("missing", "{}"))).isInstanceOf(ToolArgumentsException.class);

        assertThat(limiter.settlements())
                .containsExactly(CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.openCalls()).isZero();
    }

    private static final String LIMITED = """
            version: "1"
            default: allow
            tools:
              hang:
                rules:
                  - rate_limit: {max: 10, window: 30d}
              start_export:
                rules:
                  - rate_limit: {max: 10, window: 30d}
                  - validate: {required_args: true}
                  - action: require_approval
            """;

    @Test
    void aCallThatTheClientGivesUpMayHaveRunAndIsSettledOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        // The client waits as long for a list, so this is long enough for one on a busy machine.
        McpClient client = client(engine(LIMITED).rateLimiter(limiter), Duration.ofSeconds(5));
        // What the policy needs to know is known, so the call is sent before the client begins to count.
        client.listTools();

        // The client sends notifications/cancelled.
        assertThat(client.executeTool(call("hang", "{}")).resultText()).contains("timeout");

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(transport.openCalls()).isZero();
        client.checkHealth();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aPersonsYesSendsTheirNoDoesNotAndNarrowerArgumentsAreDecidedAnew() throws Exception {
        BlockingQueue<ApprovalAnswer> answers = new LinkedBlockingQueue<>(List.of(
                ApprovalAnswer.approved("Ada"),
                ApprovalAnswer.refused("Ada", "not today"),
                ApprovalAnswer.approved("Ada", Arguments.freeze(Map.of(), ValueLimits.DEFAULT)),
                ApprovalAnswer.approved("Ada", Arguments.freeze(Map.of("to", "b1"), ValueLimits.DEFAULT))));
        RecordingLimiter limiter = new RecordingLimiter();
        McpClient client = client(
                engine(LIMITED)
                        .rateLimiter(limiter)
                        .approvals(request -> CompletableFuture.supplyAsync(answers::remove)),
                EnforcingMcpTransportTest.PATIENCE);
        ToolExecutionRequest call = call("start_export", "{\"to\": \"all\"}");

        assertThat(client.executeTool(call).resultText()).isEqualTo("start_export {to=all}");
        assertThatThrownBy(() -> client.executeTool(call)).hasMessageContaining("not today");
        assertThatThrownBy(() -> client.executeTool(call)).hasMessageStartingWith("[POLICY DENIED] ");
        assertThat(client.executeTool(call).resultText()).isEqualTo("start_export {to=b1}");

        assertThat(reached(client)).isEqualTo("{start_export=2}");
        assertThat(limiter.settlements())
                .filteredOn(CallOutcome.SUCCEEDED::equals)
                .hasSize(2);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void nothingStaysBehindAfterManyCallsAtOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpClient client = client("""
                version: "1"
                default: allow
                tools:
                  read_item:
                    rules:
                      - rate_limit: {max: 10, window: 30d}
                  delete_store:
                    rules:
                      - action: deny
                """, limiter);

        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            callers.invokeAll(IntStream.range(0, 200)
                            .mapToObj(i -> call(i % 2 == 0 ? "read_item" : "delete_store", "{\"id\": \"" + i + "\"}"))
                            .map(request -> (Callable<Boolean>) () -> {
                                try {
                                    return !client.executeTool(request).isError();
                                } catch (ToolExecutionException e) {
                                    return false;
                                }
                            })
                            .toList())
                    .forEach(result -> assertThat(result).succeedsWithin(EnforcingMcpTransportTest.PATIENCE));
        } finally {
            callers.shutdownNow();
        }

        assertThat(reached(client)).isEqualTo("{read_item=100}");
        assertThat(limiter.reserved()).isEqualTo(100);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void whatIsRedactedOrWithheldNeverReachesTheClientAndMarksAreThereForTheNextCall() throws Exception {
        identity = "ada";
        McpClient client = client("""
                version: "1"
                tools:
                  read_item: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                  delete_store:
                    results: [{deny_if: [{path: result.text, op: contains, value: SECRET}], on_deny: It holds a key.}]
                  complain: {marks: [complained]}
                  start_export: {deny_if: [{path: session.complained, op: exists, value: true}]}
                """);

        assertThat(client.executeTool(call("read_item", "{\"id\": \"SECRET-1\"}"))
                        .resultText())
                .isEqualTo("read_item {id=[redacted]}");
        assertThatThrownBy(() -> client.executeTool(call("delete_store", "{\"id\": \"SECRET-2\"}")))
                .isInstanceOf(ToolExecutionException.class)
                .hasMessageStartingWith("[RESULT WITHHELD] ")
                .hasMessageContaining("It holds a key.")
                .hasMessageNotContaining("SECRET");

        client.executeTool(call("start_export", "{\"to\": \"x\"}"));
        assertThatThrownBy(() -> client.executeTool(call("complain", "{}"))).isNotNull();
        assertThatThrownBy(() -> client.executeTool(call("start_export", "{\"to\": \"x\"}")))
                .hasMessageStartingWith("[POLICY DENIED] ");
        assertThat(reached(client)).isEqualTo("{complain=1, delete_store=1, read_item=1, start_export=1}");
        assertThat(transport.openCalls()).isZero();
    }
}
