package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a real client sees of a real server through the enforcing transport, and what the server sees of the client. */
abstract class EnforcementOverTransport {

    private final BlockingQueue<ProgressNotification> progress = new LinkedBlockingQueue<>();
    private @Nullable EnforcingClientTransport transport;
    private @Nullable RecordingTransport wire;
    private @Nullable McpSyncClient client;

    /** Whose client it is; null for somebody's, whose session is only the connection's. */
    private @Nullable String identity;

    /** A transport to a server that has seen no call yet. */
    abstract McpClientTransport connectToNewServer() throws Exception;

    abstract void stopServer() throws Exception;

    /** Has the server go without a word. */
    abstract void loseServer() throws Exception;

    private McpSyncClient client(Policy policy, RateLimiter limiter) throws Exception {
        return client(PolicyEngine.builder(policy).rateLimiter(limiter).build());
    }

    private McpSyncClient client(PolicyEngine engine) throws Exception {
        return client(engine, Await.PATIENCE);
    }

    private McpSyncClient client(PolicyEngine engine, Duration requestTimeout) throws Exception {
        wire = new RecordingTransport(connectToNewServer());
        EnforcingClientTransport.Builder guard = EnforcingClientTransport.builder(wire, engine)
                .toolListTimeout(Await.PATIENCE)
                .approvalWait(Await.PATIENCE);
        transport = (identity == null ? guard : guard.identity(identity)).build();
        client = McpClient.sync(transport)
                .requestTimeout(requestTimeout)
                .initializationTimeout(Await.PATIENCE)
                .progressConsumer(progress::add)
                .build();
        client.initialize();
        return client;
    }

    private McpSyncClient client(Policy policy) throws Exception {
        return client(policy, InMemoryRateLimiter.create());
    }

    @AfterEach
    void close() throws Exception {
        if (client != null) {
            client.closeGracefully();
        }
        TestServer.release();
        stopServer();
    }

    private static CallToolRequest call(String tool, Map<String, Object> arguments) {
        return CallToolRequest.builder(tool).arguments(arguments).build();
    }

    private static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    /** How many calls of the tool have reached the server, asked of the server. */
    private int reached(McpSyncClient client, String tool) throws IOException {
        TextResourceContents contents = (TextResourceContents) client.readResource(
                        ReadResourceRequest.builder(TestServer.CALLS).build())
                .contents()
                .get(0);
        Map<String, Integer> counts =
                McpJsonDefaults.getMapper().readValue(contents.text(), new TypeRef<Map<String, Integer>>() {});
        return counts.getOrDefault(tool, 0);
    }

    private static void assertDenied(CallToolResult result, String because) {
        assertThat(result.isError()).isTrue();
        assertThat(text(result)).startsWith("[POLICY DENIED] ").contains(because);
    }

    @Test
    void theEleventhExportIsDeniedAndTheServerCountsTen() throws Exception {
        McpSyncClient client = client(Policies.export().policy());
        client.listTools();

        for (int i = 0; i < 10; i++) {
            CallToolResult result = client.callTool(call("start_export", Map.of("to", "bucket-" + i)));
            assertThat(result.isError()).isFalse();
            assertThat(text(result)).isEqualTo("start_export {to=bucket-" + i + "}");
        }
        CallToolResult eleventh = client.callTool(call("start_export", Map.of("to", "bucket-10")));

        assertDenied(eleventh, "10 per 30 days");
        assertThat(eleventh.meta().toString()).contains("retryAfterMs");
        assertThat(reached(client, "start_export")).isEqualTo(10);
        assertThat(transport.pendingRequests()).isZero();
    }

    @Test
    void aCallWithoutARequiredArgumentIsDeniedThoughTheAgentNeverListedTheTools() throws Exception {
        McpSyncClient client = client(Policies.export().policy());

        assertDenied(client.callTool(call("start_export", Map.of("note", "x"))), "to");
        assertThat(client.callTool(call("start_export", Map.of("to", "x"))).isError())
                .isFalse();

        assertThat(reached(client, "start_export")).isEqualTo(1);
    }

    @Test
    void aDeniedToolNeverReachesTheServer() throws Exception {
        McpSyncClient client = client(Policies.export().policy());

        assertDenied(client.callTool(call("delete_store", Map.of("id", "x"))), "Stores are not deleted by agents.");

        assertThat(reached(client, "delete_store")).isZero();
    }

    @Test
    void hiddenToolsAreOnNoPage() throws Exception {
        McpSyncClient client = client(new Policies().hiding("purge_*").policy());

        ListToolsResult first = client.listTools(null);
        ListToolsResult second = client.listTools(first.nextCursor());

        assertThat(first.tools()).isEmpty();
        assertThat(second.tools()).extracting(Tool::name).containsExactly("read_item", "start_export");
        assertThat(client.listTools().tools())
                .extracting(Tool::name)
                .containsExactly("read_item", "start_export", "delete_store", "complain", "work", "hang", "release");
        assertDenied(client.callTool(call("purge_all", Map.of())), "");
        assertThat(reached(client, "purge_all")).isZero();
    }

    @Test
    void withDefaultDenyOnlyWhatCouldBeAllowedIsShown() throws Exception {
        McpSyncClient client = client(new Policies()
                .defaultDeny()
                .tool("read_item")
                .tool("delete_store", Policies.denied("no"))
                .policy());

        assertThat(client.listTools().tools()).extracting(Tool::name).containsExactly("read_item");
        assertDenied(client.callTool(call("work", Map.of())), "");
        assertThat(reached(client, "work")).isZero();
    }

    @Test
    void everythingElsePasses() throws Exception {
        McpSyncClient client = client(Policies.allowingAll());

        assertThat(client.listTools().tools())
                .extracting(Tool::name)
                .containsExactlyElementsOf(
                        TestServer.TOOLS.stream().map(Tool::name).toList());
        assertThat(client.ping()).isNotNull();
        assertThat(client.listResources().resources()).hasSize(1);
        assertThat(client.listPrompts().prompts()).hasSize(1);
        assertThat(client.getPrompt(GetPromptRequest.builder("greet").build()).messages())
                .hasSize(1);
        assertThat(client.callTool(CallToolRequest.builder("work")
                                .progressToken("p-1")
                                .build())
                        .isError())
                .isFalse();
        ProgressNotification halfWay = progress.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(halfWay.progressToken()).isEqualTo("p-1");
        assertThat(halfWay.message()).isEqualTo("half way");
    }

    @Test
    void aDeniedMethodIsAnErrorAndTheSessionLivesOn() throws Exception {
        McpSyncClient client =
                client(new Policies().method("prompts/*", Posture.DENY).policy());

        assertThatThrownBy(client::listPrompts).isInstanceOf(McpError.class).hasMessageContaining("[POLICY DENIED] ");
        assertThat(client.ping()).isNotNull();
    }

    @Test
    void everyEndingSettlesItsReservationOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client = client(
                new Policies()
                        .tool("*_item", Policies.limit(10))
                        .tool("complain", Policies.limit(10))
                        .tool("missing", Policies.limit(10))
                        .policy(),
                limiter);

        client.callTool(call("read_item", Map.of("id", "x")));
        assertThat(client.callTool(call("complain", Map.of())).isError()).isTrue();
        assertThatThrownBy(() -> client.callTool(call("missing", Map.of()))).isInstanceOf(McpError.class);

        assertThat(limiter.settlements())
                .containsExactly(CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }

    @Test
    void aCallWhoseCallerGivesUpAndOneWhoseClientIsClosedMayHaveRunAndAreSettledOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client =
                client(new Policies().tool("hang", Policies.limit(10)).policy(), limiter);
        Thread impatient = calling(client, "hang");
        Await.until(() -> transport.pendingRequests() == 1);
        impatient.interrupt();
        impatient.join();
        Thread cutOff = calling(client, "hang");
        Await.until(() -> transport.pendingRequests() == 2);
        assertThat(limiter.settlements()).isEmpty();

        client.close();
        cutOff.interrupt();
        cutOff.join();
        TestServer.release();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }

    @Test
    void aCallWhoseServerIsLostMayHaveRunAndIsSettledOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client =
                client(new Policies().tool("hang", Policies.limit(10)).policy(), limiter);

        Thread cutOff = calling(client, "hang");
        Await.until(() -> transport.pendingRequests() == 1);
        loseServer();
        cutOff.interrupt(); // Not every transport of the SDK tells its callers.
        cutOff.join();
        client.close();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }

    @Test
    void aCallThatTimesOutMayHaveRunAndIsSettledOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().tool("hang", Policies.limit(10)).policy())
                .rateLimiter(limiter)
                .build();
        McpSyncClient client = client(engine, Duration.ofSeconds(5));

        assertThatThrownBy(() -> client.callTool(call("hang", Map.of())))
                .hasRootCauseInstanceOf(TimeoutException.class);
        assertThat(limiter.settlements()).isEmpty();
        client.close();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }

    private static Thread calling(McpSyncClient client, String tool) {
        Thread caller = new Thread(() ->
                assertThatThrownBy(() -> client.callTool(call(tool, Map.of()))).isInstanceOf(RuntimeException.class));
        caller.start();
        return caller;
    }

    @Test
    void nothingStaysBehindAfterManyCallsAtOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client = client(
                new Policies()
                        .tool("read_item", Policies.limit(10))
                        .tool("delete_store", Policies.denied("no"))
                        .policy(),
                limiter);

        // Threads of our own: calls that block must not take the common pool, on which HTTP clients may complete.
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            callers.invokeAll(IntStream.range(0, 400)
                            .mapToObj(i -> call(i % 2 == 0 ? "read_item" : "delete_store", Map.of("id", i)))
                            .map(request -> (Callable<CallToolResult>) () -> client.callTool(request))
                            .toList())
                    .forEach(result -> assertThat(result).succeedsWithin(Await.PATIENCE));
        } finally {
            callers.shutdownNow();
        }

        assertThat(reached(client, "read_item")).isEqualTo(200);
        assertThat(reached(client, "delete_store")).isZero();
        assertThat(limiter.reserved()).isEqualTo(200);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }

    /** Past the client, which sends no such thing by itself; it drops the response. */
    private void send(String id, String tool, Map<String, Object> arguments) {
        transport
                .sendMessage(new JSONRPCRequest("tools/call", id, Map.of("name", tool, "arguments", arguments)))
                .subscribe();
    }

    private Mono<Void> cancel(String id) {
        return transport.sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", id)));
    }

    @Test
    void aCallThatIsCancelledMayHaveRunAndIsSettledOnceThoughItsResponseComesLater() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client =
                client(new Policies().tool("hang", Policies.limit(10)).policy(), limiter);
        send("c-1", "hang", Map.of());
        send("c-2", "hang", Map.of());
        Await.until(() -> reached(client, "hang") == 2);
        assertThat(limiter.settlements()).isEmpty();

        cancel("c-1").block();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(transport.pendingRequests()).isEqualTo(1);
        client.callTool(call("release", Map.of()));
        Await.until(() -> limiter.settlements().size() == 2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.SUCCEEDED);
        assertThat(transport.pendingRequests()).isZero();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aCallThatIsCancelledWhileAPersonThinksIsNeverSent() throws Exception {
        BlockingQueue<CompletableFuture<ApprovalAnswer>> answers = new LinkedBlockingQueue<>();
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client = client(PolicyEngine.builder(new Policies()
                        .tool("start_export", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> {
                    CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                    answers.add(answer);
                    return answer;
                })
                .build());
        send("c-1", "start_export", Map.of("to", "x"));
        CompletableFuture<ApprovalAnswer> answer = answers.take();

        cancel("c-1").block();
        answer.complete(ApprovalAnswer.approved("Ada"));

        assertThat(answer).isCancelled();
        assertThat(reached(client, "start_export")).isZero();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(transport.callsBeingDecided()).isZero();
        assertThat(transport.pendingRequests()).isZero();
    }

    @Test
    void messagesGoOutInOrderInTheirSendersContextAndNoFasterThanTheTransportTakesThem() throws Exception {
        McpSyncClient client = client(new Policies()
                .tool("delete_store", Policies.denied("no"))
                .tool("read_item", Policies.limit(1_000))
                .policy());

        Flux.range(0, 90)
                .concatMap(i -> transport
                        .sendMessage(message(i))
                        .contextWrite(context -> context.put(RecordingTransport.SENDER, "s-" + i)))
                .blockLast();

        assertThat(wire.requests())
                .containsExactlyElementsOf(IntStream.range(0, 90)
                        .filter(i -> i % 3 == 0)
                        .mapToObj(i -> "m-" + i + " by s-" + i)
                        .toList());
        assertThat(wire.mostAtOnce()).isEqualTo(1);
        Await.until(() -> transport.pendingRequests() == 0);
        assertThat(reached(client, "read_item")).isEqualTo(30);
    }

    /** By turns one that passes, one that is denied, and one that has no answer. */
    private static JSONRPCMessage message(int i) {
        return switch (i % 3) {
            case 0 ->
                new JSONRPCRequest("tools/call", "m-" + i, Map.of("name", "read_item", "arguments", Map.of("id", "x")));
            case 1 -> new JSONRPCRequest("tools/call", "m-" + i, Map.of("name", "delete_store"));
            default -> new JSONRPCNotification("notifications/cancelled", Map.of("requestId", "none-" + i));
        };
    }

    @Test
    void aCallThatNeedsApprovalGetsATicketAndPassesOnceWhenItIsApproved() throws Exception {
        ApprovalTickets tickets = ApprovalTickets.create();
        McpSyncClient client = client(PolicyEngine.builder(new Policies()
                        .tool("start_export", Policies.requiredArguments(), Policies.ask())
                        .policy())
                .approvals(tickets)
                .build());
        CallToolRequest call = call("start_export", Map.of("to", "everywhere"));

        CallToolResult first = client.callTool(call);
        String ticket = tickets.list().get(0).id();
        assertThat(first.isError()).isTrue();
        assertThat(text(first)).startsWith("[APPROVAL REQUIRED] ").contains(ticket);
        assertThat(first.meta().toString()).contains("approval_pending").contains(ticket);
        assertThat(text(client.callTool(call))).contains(ticket);
        assertThat(reached(client, "start_export")).isZero();

        tickets.approve(ticket, "Ada");

        assertThat(text(client.callTool(call))).isEqualTo("start_export {to=everywhere}");
        assertThat(text(client.callTool(call)))
                .startsWith("[APPROVAL REQUIRED] ")
                .doesNotContain(ticket);
        assertThat(reached(client, "start_export")).isEqualTo(1);

        tickets.approve(tickets.list().get(0).id(), "Ada", narrower(Map.of("to", "bucket-1")));

        assertThat(text(client.callTool(call))).isEqualTo("start_export {to=bucket-1}");
        assertThat(text(client.callTool(call))).startsWith("[APPROVAL REQUIRED] ");

        tickets.approve(tickets.list().get(0).id(), "Ada", narrower(Map.of()));

        assertDenied(client.callTool(call), "to");
        assertThat(reached(client, "start_export")).isEqualTo(2);
    }

    @Test
    void aTicketThatIsDeniedStaysDeniedAndSendsNothing() throws Exception {
        ApprovalTickets tickets = ApprovalTickets.create();
        McpSyncClient client = client(PolicyEngine.builder(
                        new Policies().tool("delete_store", Policies.ask()).policy())
                .approvals(tickets)
                .build());
        CallToolRequest call = call("delete_store", Map.of("id", "x"));
        client.callTool(call);

        tickets.deny(tickets.list().get(0).id(), "Ada", "it is still in use");

        assertDenied(client.callTool(call), "it is still in use");
        assertDenied(client.callTool(call), "it is still in use");
        assertThat(reached(client, "delete_store")).isZero();
    }

    private static Arguments narrower(Map<String, Object> arguments) {
        return Arguments.freeze(arguments, ValueLimits.DEFAULT);
    }

    @Test
    void aPersonsYesSendsTheirNoDoesNotAndNarrowerArgumentsAreDecidedAnew() throws Exception {
        BlockingQueue<ApprovalAnswer> answers = new LinkedBlockingQueue<>(List.of(
                ApprovalAnswer.approved("Ada"),
                ApprovalAnswer.refused("Ada", "not today"),
                ApprovalAnswer.approved("Ada", narrower(Map.of())),
                ApprovalAnswer.approved("Ada", narrower(Map.of("to", "bucket-1")))));
        RecordingLimiter limiter = new RecordingLimiter();
        McpSyncClient client = client(PolicyEngine.builder(new Policies()
                        .tool("start_export", Policies.requiredArguments(), Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> CompletableFuture.supplyAsync(answers::remove))
                .build());
        CallToolRequest call = call("start_export", Map.of("to", "everywhere"));

        assertThat(text(client.callTool(call))).isEqualTo("start_export {to=everywhere}");
        assertDenied(client.callTool(call), "not today");
        assertDenied(client.callTool(call), "to");
        assertThat(text(client.callTool(call))).isEqualTo("start_export {to=bucket-1}");

        assertThat(reached(client, "start_export")).isEqualTo(2);
        assertThat(limiter.settlements())
                .filteredOn(CallOutcome.SUCCEEDED::equals)
                .hasSize(2);
        assertThat(limiter.settlements()).filteredOn(CallOutcome.UNSENT::equals).hasSize(limiter.reserved() - 2);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
        // It is told last.
        Await.until(() -> transport.callsBeingDecided() == 0);
    }

    @Test
    void aCallWaitsForAPersonAndSendsTheArgumentsThatTheyApproved() throws Exception {
        BlockingQueue<ApprovalRequest> questions = new LinkedBlockingQueue<>();
        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
        McpSyncClient client = client(PolicyEngine.builder(
                        new Policies().tool("start_export", Policies.ask()).policy())
                .approvals(request -> {
                    questions.add(request);
                    return answer;
                })
                .build());
        ExecutorService agent = Executors.newSingleThreadExecutor();
        Future<CallToolResult> result =
                agent.submit(() -> client.callTool(call("start_export", Map.of("to", "everywhere"))));
        ApprovalRequest question = questions.take();
        assertThat(question.arguments().root().toJava()).isEqualTo(Map.of("to", "everywhere"));
        assertThat(question.patience()).isLessThanOrEqualTo(Await.PATIENCE);
        assertThat(reached(client, "start_export")).isZero();

        answer.complete(ApprovalAnswer.approved("Ada", narrower(Map.of("to", "bucket-1"))));

        assertThat(text(result.get())).isEqualTo("start_export {to=bucket-1}");
        assertThat(reached(client, "start_export")).isEqualTo(1);
        agent.shutdown();
    }

    @Test
    void whatIsRedactedOrWithheldNeverReachesTheClientAndMarksAreThereForTheNextCall() throws Exception {
        identity = "ada";
        McpSyncClient client = client(PolicyYaml.read("""
                version: "1"
                tools:
                  read_item: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                  delete_store:
                    results: [{deny_if: [{path: result.text, op: contains, value: SECRET}], on_deny: It holds a key.}]
                  missing: {results: [{deny_if: [{path: result.is_error, op: eq, value: true}]}]}
                  complain: {marks: [complained]}
                  start_export: {deny_if: [{path: session.complained, op: exists, value: true}]}
                """, "test").orThrow());

        CallToolResult redacted = client.callTool(call("read_item", Map.of("id", "SECRET-1")));
        CallToolResult withheld = client.callTool(call("delete_store", Map.of("id", "SECRET-2")));
        CallToolResult failed = client.callTool(call("missing", Map.of()));

        assertThat(text(redacted)).isEqualTo("read_item {id=[redacted]}");
        assertThat(withheld.isError()).isTrue();
        assertThat(text(withheld)).startsWith("[RESULT WITHHELD] ").contains("It holds a key.");
        assertThat(text(failed)).startsWith("[RESULT WITHHELD] ").doesNotContain("Unknown tool");
        assertThat(redacted + " " + withheld + " " + failed).doesNotContain("SECRET");

        assertThat(client.callTool(call("start_export", Map.of("to", "x"))).isError())
                .isFalse();
        client.callTool(call("complain", Map.of()));
        assertDenied(client.callTool(call("start_export", Map.of("to", "x"))), "");
        assertThat(reached(client, "start_export")).isEqualTo(1);
        assertThat(transport.pendingRequests()).isZero();
    }
}
