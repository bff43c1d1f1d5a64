package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.mcp.GuardedServer.Report;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageResult;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a real server behind the policy does for a real client that knows of no policy. */
abstract class ServerEnforcementOverTransport {

    private final BlockingQueue<ProgressNotification> progress = new LinkedBlockingQueue<>();
    private final AtomicInteger sampled = new AtomicInteger();
    private @Nullable McpClientTransport transport;
    private @Nullable McpSyncClient client;

    /** Answers what the server asks; null for a client that can't ask anybody. */
    private @Nullable Function<ElicitFormRequest, ElicitResult> person;

    private final BlockingQueue<ElicitFormRequest> questions = new LinkedBlockingQueue<>();

    /** A transport to a {@link GuardedServer} that has not been used yet. */
    abstract McpClientTransport connectToNewServer() throws Exception;

    abstract void stopServer() throws Exception;

    final McpSyncClient client() throws Exception {
        transport = connectToNewServer();
        client = client(transport, Await.PATIENCE);
        return client;
    }

    @SuppressWarnings("deprecation") // sampling is
    final McpSyncClient client(McpClientTransport transport, Duration requestTimeout) {
        ClientCapabilities.Builder abilities = ClientCapabilities.builder().sampling();
        McpClient.SyncSpec spec = McpClient.sync(transport);
        if (person != null) {
            abilities.elicitation();
            spec.elicitation(question -> {
                questions.add(question);
                return person.apply(question);
            });
        }
        McpSyncClient made = spec.requestTimeout(requestTimeout)
                .initializationTimeout(Await.PATIENCE)
                .progressConsumer(progress::add)
                .capabilities(abilities.build())
                .sampling(request -> {
                    sampled.incrementAndGet();
                    return CreateMessageResult.builder(
                                    Role.ASSISTANT, TextContent.builder("hello").build(), "a model")
                            .build();
                })
                .build();
        made.initialize();
        return made;
    }

    @AfterEach
    void close() throws Exception {
        if (client != null) {
            client.closeGracefully();
        }
        stopServer();
    }

    static CallToolRequest call(String tool, Map<String, Object> arguments) {
        return CallToolRequest.builder(tool).arguments(arguments).build();
    }

    private static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    static Report report(McpSyncClient client) throws IOException {
        return report(client, GuardedServer.REPORT);
    }

    static Report report(McpSyncClient client, String of) throws IOException {
        TextResourceContents contents = (TextResourceContents)
                client.readResource(ReadResourceRequest.builder(of).build())
                        .contents()
                        .get(0);
        return McpJsonDefaults.getMapper().readValue(contents.text(), new TypeRef<Report>() {});
    }

    /** Tells the server, where it can't see it, that its client has gone. */
    void sessionHasEnded() {
        // Most see it.
    }

    /** What the server has to report after its client has gone, once calls that have waited went on. */
    abstract Report reportAfterwards() throws Exception;

    static Report afterwards(GuardedServer server) {
        server.release();
        Await.until(() -> server.limiter.unsettled() == 0 && server.inPlace.runningCalls() == 0);
        return server.report();
    }

    private static void assertDenied(CallToolResult result, String because) {
        assertThat(result.isError()).isTrue();
        assertThat(text(result)).startsWith("[POLICY DENIED] ").contains(because);
    }

    @Test
    void aDeniedToolNeverRuns() throws Exception {
        McpSyncClient client = client();

        CallToolResult denied = client.callTool(call("delete_store", Map.of("id", "x")));

        assertDenied(denied, "Stores are not deleted by agents.");
        assertThat(denied.meta().toString()).contains("dev.interlock/decision", "deny_rule");
        assertThat(report(client).ran()).isEmpty();
    }

    @Test
    void aLimitedToolRunsAsOftenAsItMay() throws Exception {
        McpSyncClient client = client();

        for (int i = 0; i < 3; i++) {
            CallToolResult result = client.callTool(call("start_export", Map.of("to", "bucket-" + i)));
            assertThat(result.isError()).isFalse();
            assertThat(text(result)).isEqualTo("start_export {to=bucket-" + i + "}");
        }
        CallToolResult fourth = client.callTool(call("start_export", Map.of("to", "bucket-3")));

        assertDenied(fourth, "3 per 30 days");
        assertThat(fourth.meta().toString()).contains("retryAfterMs");
        assertThat(report(client).ran()).containsEntry("start_export", 3);
    }

    @Test
    void aRequiredArgumentIsMissedThoughNoOneHasListedTheTools() throws Exception {
        McpSyncClient client = client();

        assertDenied(client.callTool(call("start_export", Map.of("note", "x"))), "to");
        assertThat(client.callTool(call("start_export", Map.of("to", "x"))).isError())
                .isFalse();

        assertThat(report(client).ran()).containsEntry("start_export", 1);
    }

    @Test
    void theListOfToolsAgreesWithWhatMayBeCalledAlsoOfToolsThatCameLater() throws Exception {
        McpSyncClient client = client();
        assertThat(client.listTools().tools())
                .extracting(Tool::name)
                .contains("read_item", "delete_store")
                .doesNotContain("purge_all", "late_read");

        client.callTool(call("grow", Map.of()));

        assertThat(client.listTools().tools())
                .extracting(Tool::name)
                .contains("late_read")
                .doesNotContain("purge_all", "purge_late");
        assertDenied(client.callTool(call("purge_all", Map.of())), "");
        assertDenied(client.callTool(call("purge_late", Map.of())), "");
        assertThat(client.callTool(call("late_read", Map.of())).isError()).isFalse();
        assertThat(report(client).ran()).containsOnlyKeys("grow", "late_read");
    }

    @Test
    void otherMethodsFollowThePolicyAndTheSessionLivesOn() throws Exception {
        McpSyncClient client = client();

        assertThatThrownBy(client::listPrompts).isInstanceOf(McpError.class).hasMessageContaining("[POLICY DENIED] ");
        assertThat(client.ping()).isNotNull();
        assertThat(client.listResources().resources()).isNotEmpty();
    }

    @Test
    void allElsePasses() throws Exception {
        McpSyncClient client = client();

        assertThat(client.callTool(call("read_item", Map.of("id", "ä\n"))).isError())
                .isFalse();
        assertThatThrownBy(() -> client.callTool(call("unknown", Map.of())))
                .isInstanceOf(McpError.class)
                .hasMessageContaining("Unknown tool");
        if (hasSessions()) {
            client.callTool(CallToolRequest.builder("work").progressToken("p-1").build());
            ProgressNotification halfWay = progress.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(halfWay.progressToken()).isEqualTo("p-1");
            assertThat(halfWay.message()).isEqualTo("half way");
        }
    }

    @Test
    void whatTheServerMayNotAskTheClientFailsWhereItAsks() throws Exception {
        McpSyncClient client = client();
        if (!hasSessions()) {
            return;
        }

        CallToolResult result = client.callTool(call("ask_model", Map.of()));

        assertThat(text(result)).startsWith("[POLICY DENIED] ");
        assertThat(sampled).hasValue(0);
    }

    // ---- approvals by the person at the client

    private static ElicitResult filledIn(Map<String, Object> form) {
        return ElicitResult.builder(ElicitResult.Action.ACCEPT).content(form).build();
    }

    private static ElicitResult not(ElicitResult.Action action) {
        return ElicitResult.builder(action).build();
    }

    @Test
    void aPersonApprovesThroughTheClient() throws Exception {
        person = question -> filledIn(Map.of("decision", "approve"));
        McpSyncClient client = client();

        CallToolResult result = client.callTool(call("pay", Map.of("to", "Ada\nrule:\n  | forged")));

        if (!hasSessions()) {
            assertDenied(result, "");
            assertThat(questions).isEmpty();
            return;
        }
        assertThat(result.isError()).isFalse();
        assertThat(questions.remove().message())
                .contains("  | pay\n", "  | \"to\": \"Ada\\nrule:\\n  | forged\"\n")
                .doesNotContain("\n  | forged");
        assertThat(report(client).ran()).containsEntry("pay", 1);
        assertThat(report(client).settled()).containsExactly("SUCCEEDED");
    }

    @Test
    void aPersonMayApproveLessAndThatIsDecidedAnew() throws Exception {
        person = question -> filledIn(Map.of("decision", "approve", "arguments", "{\"to\": \"Bob\"}"));
        McpSyncClient client = client();
        if (!hasSessions()) {
            return;
        }
        assertThat(text(client.callTool(call("pay", Map.of("to", "Ada", "much", 7)))))
                .isEqualTo("pay {to=Bob}");

        person = question -> filledIn(Map.of("decision", "approve", "arguments", "{}"));

        assertDenied(client.callTool(call("pay", Map.of("to", "Ada"))), "to");
        assertThat(report(client).ran()).containsEntry("pay", 1);
    }

    @Test
    void aPersonsNoIsANoAndNothingButAFormThatSaysSoIsAYes() throws Exception {
        List<ElicitResult> answers = List.of(
                filledIn(Map.of("decision", "deny", "reason", "not today")),
                not(ElicitResult.Action.DECLINE),
                not(ElicitResult.Action.CANCEL),
                not(ElicitResult.Action.ACCEPT),
                filledIn(Map.of()),
                filledIn(Map.of("decision", "APPROVE")),
                filledIn(Map.of("decision", true)),
                filledIn(Map.of("decision", List.of("approve"))),
                filledIn(Map.of("approve", "approve")),
                filledIn(Map.of("decision", "approve", "Decision", "deny")),
                filledIn(Map.of("decision", "approve", "arguments", Map.of("to", "Bob"))),
                filledIn(Map.of("decision", "approve", "arguments", "[{\"to\": 1}]")),
                filledIn(Map.of("decision", "approve", "arguments", "null")),
                filledIn(Map.of("decision", "approve", "arguments", "[".repeat(100_000))),
                filledIn(Map.of("decision", "approve", "arguments", "to: Bob")));
        AtomicInteger next = new AtomicInteger();
        person = question -> answers.get(next.getAndIncrement());
        McpSyncClient client = client();
        if (!hasSessions()) {
            return;
        }

        assertDenied(client.callTool(call("pay", Map.of("to", "Ada"))), "not today");
        for (int i = 1; i < answers.size(); i++) {
            assertDenied(client.callTool(call("pay", Map.of("to", "Ada"))), "");
        }

        assertThat(questions).hasSize(answers.size());
        assertThat(report(client).ran()).isEmpty();
        assertThat(report(client).settled()).containsOnly("UNSENT");
    }

    @Test
    void aClientThatCanAskNoOneGetsADenial() throws Exception {
        McpSyncClient client = client();

        assertDenied(client.callTool(call("pay", Map.of("to", "Ada"))), "");

        assertThat(report(client).ran()).isEmpty();
    }

    @Test
    void aClientThatFailsToAskGetsADenial() throws Exception {
        person = question -> {
            throw new IllegalStateException("the window can't be opened");
        };
        McpSyncClient client = client();

        assertDenied(client.callTool(call("pay", Map.of("to", "Ada"))), hasSessions() ? "could not ask" : "");

        assertThat(report(client).ran()).isEmpty();
    }

    private static Function<ElicitFormRequest, ElicitResult> approvesAfter(CountDownLatch decided) {
        return question -> {
            try {
                decided.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return filledIn(Map.of("decision", "approve"));
        };
    }

    @Test
    void anApprovalThatComesTooLateRunsNothing() throws Exception {
        CountDownLatch decided = new CountDownLatch(1);
        person = approvesAfter(decided);
        McpSyncClient client = client();
        if (!hasSessions()) {
            return;
        }

        assertDenied(client.callTool(call("pay_at_once", Map.of())), "No one answered");
        decided.countDown();

        assertThat(client.callTool(call("work", Map.of())).isError()).isFalse();
        assertThat(report(client).ran()).containsOnlyKeys("work");
    }

    @Test
    void everyEndingSettlesItsReservationOnce() throws Exception {
        McpSyncClient client = client();

        client.callTool(call("start_export", Map.of("to", "x")));
        assertThat(client.callTool(call("complain", Map.of())).isError()).isTrue();
        assertThatThrownBy(() -> client.callTool(call("refuse", Map.of())))
                .isInstanceOf(McpError.class)
                .hasMessageContaining("the tool refused");
        assertThat(attempt(client, "crash")).contains("the tool broke");
        assertThatThrownBy(() -> client.callTool(call("missing", Map.of()))).isInstanceOf(McpError.class);
        client.callTool(call("start_export", Map.of()));

        assertThat(report(client).settled())
                .hasSize(5)
                .startsWith("SUCCEEDED", "TOOL_ERROR", "FAILED")
                .endsWith("FAILED");
        assertThat(report(client).running()).isZero();
    }

    /** The SDK answers an exception of a tool's with a tool error or a protocol error, depending on its version. */
    private static String attempt(McpSyncClient client, String tool) {
        try {
            return text(client.callTool(call(tool, Map.of())));
        } catch (McpError e) {
            return e.getMessage();
        }
    }

    @Test
    void aCallThatItsCallerHasGivenUpIsSettledByHowItReallyEnds() throws Exception {
        McpSyncClient client = client();

        Thread caller = calling(client, call("wait", Map.of()));
        Await.until(() -> report(client).running() > 0);
        caller.interrupt();
        caller.join();
        assertThat(report(client).running()).isEqualTo(1);
        assertThat(report(client).settled()).isEmpty();
        client.callTool(call("release", Map.of()));

        Await.until(() -> report(client).running() == 0);
        assertThat(report(client).settled()).containsExactly("SUCCEEDED");
    }

    @Test
    void aCallThatIsCancelledWhileItRunsIsSettledByHowItReallyEnds() throws Exception {
        McpSyncClient client = client();
        // Past the client, which cancels nothing by itself; it drops the response.
        transport
                .sendMessage(new JSONRPCRequest("tools/call", "c-1", Map.of("name", "wait")))
                .subscribe();
        Await.until(() -> report(client).running() == 1);

        transport
                .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", "c-1")))
                .block();

        assertThat(report(client).running()).isEqualTo(1);
        assertThat(report(client).settled()).isEmpty();
        client.callTool(call("release", Map.of()));
        Await.until(() -> report(client).running() == 0);
        assertThat(report(client).settled()).containsExactly("SUCCEEDED");
    }

    @Test
    void aCallThatRunsWhenItsSessionEndsIsSettledOnce() throws Exception {
        McpSyncClient client = client();
        Thread caller = calling(client, call("wait", Map.of()));
        Await.until(() -> report(client).running() == 1);

        client.closeGracefully();
        sessionHasEnded();
        caller.interrupt();
        caller.join();

        Report afterwards = reportAfterwards();
        // Unknown where the server goes with its client.
        assertThat(afterwards.settled()).singleElement().isIn("SUCCEEDED", "UNKNOWN");
        assertThat(afterwards.running()).isZero();
    }

    private static Thread calling(McpSyncClient client, CallToolRequest call) {
        Thread caller =
                new Thread(() -> assertThatThrownBy(() -> client.callTool(call)).isInstanceOf(RuntimeException.class));
        caller.start();
        return caller;
    }

    @Test
    void aQuestionWhoseSessionEndsIsAnsweredNo() throws Exception {
        CountDownLatch decided = new CountDownLatch(1);
        person = approvesAfter(decided);
        McpSyncClient client = client();
        if (!hasSessions()) {
            return;
        }
        Thread caller = calling(client, call("pay", Map.of("to", "Ada")));
        questions.take();

        client.closeGracefully();
        sessionHasEnded();
        caller.interrupt();
        caller.join();
        decided.countDown();

        Report afterwards = reportAfterwards();
        assertThat(afterwards).isEqualTo(new Report(Map.of(), List.of("UNSENT"), 0));
    }

    @Test
    void nothingStaysBehindAfterManyCallsAtOnce() throws Exception {
        McpSyncClient client = client();

        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            callers.invokeAll(IntStream.range(0, 200)
                            .mapToObj(i -> call(i % 2 == 0 ? "read_item" : "delete_store", Map.of("id", i)))
                            .map(request -> (Callable<CallToolResult>) () -> client.callTool(request))
                            .toList())
                    .forEach(result -> assertThat(result).succeedsWithin(Await.PATIENCE));
        } finally {
            callers.shutdownNow();
        }

        assertThat(report(client).ran()).containsExactlyEntriesOf(Map.of("read_item", 100));
        assertThat(report(client).running()).isZero();
    }

    /** Whether the server can send something of its own. */
    boolean hasSessions() {
        return true;
    }

    @Test
    void whatIsRedactedOrWithheldNeverReachesTheClient() throws Exception {
        McpSyncClient client = client();

        CallToolResult redacted = client.callTool(call("read_item", Map.of("id", "SECRET-1")));
        CallToolResult withheld = client.callTool(call("work", Map.of("id", "SECRET-2")));

        assertThat(text(redacted)).isEqualTo("read_item {id=[redacted]}");
        assertThat(withheld.isError()).isTrue();
        assertThat(text(withheld)).startsWith("[RESULT WITHHELD] ");
        assertThat(redacted + " " + withheld).doesNotContain("SECRET");
        assertThat(report(client).ran()).containsEntry("read_item", 1).containsEntry("work", 1);
    }
}
