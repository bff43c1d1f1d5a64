package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.StandardToolClassifier;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs all that the adapter does on threads of Reactor's that must not block, under an agent that notices if they do.
 */
class BlockingCallsTest {

    private static final String THREADS = "must-not-block";

    static final List<BlockingOperationError> BLOCKED = new CopyOnWriteArrayList<>();

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final Scheduler answering = Schedulers.newParallel(THREADS);

    private PolicyEngine engine() {
        return PolicyEngine.builder(new Policies()
                        .hiding("purge")
                        .tool("export", Policies.limit(10), Policies.requiredArguments())
                        .tool("delete", Policies.denied("no"))
                        .policy())
                .rateLimiter(limiter)
                .classifier(new WithAFile())
                .build();
    }

    /** Reads a file when it is first asked. */
    private static final class WithAFile implements ToolClassifier {

        private final ToolClassifier standard = StandardToolClassifier.create();
        private boolean read;

        @Override
        public synchronized ToolRating rate(ToolDefinition tool) {
            if (!read) {
                try (InputStream file = new FileInputStream(
                        Path.of(System.getProperty("java.home"), "release").toFile())) {
                    read = file.read() != -1;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return standard.rate(tool);
        }
    }

    @BeforeAll
    static void install() {
        BlockHound.builder()
                .loadIntegrations()
                .blockingMethodCallback(method -> {
                    // Threads that were there before the agent came wait for work without its knowing that they may.
                    if (Thread.currentThread().getName().startsWith(THREADS)) {
                        // Kept as well, since what throws while a call is decided denies it.
                        BlockingOperationError error = new BlockingOperationError(method);
                        BLOCKED.add(error);
                        throw error;
                    }
                })
                .install();
    }

    @AfterEach
    void nothingHasBlocked() {
        answering.dispose();
        assertThat(BLOCKED).isEmpty();
    }

    static <T> T onANonBlockingThread(Mono<T> work) {
        Scheduler scheduler = Schedulers.newParallel(THREADS);
        try {
            return work.subscribeOn(scheduler).block(Await.PATIENCE);
        } finally {
            scheduler.dispose();
        }
    }

    private static JSONRPCRequest call(int id, String tool) {
        return new JSONRPCRequest("tools/call", id, Map.of("name", tool, "arguments", Map.of("to", "x")));
    }

    @Test
    void theAgentIsAwake() {
        assertThatThrownBy(() -> onANonBlockingThread(Mono.fromRunnable(() -> {
                    try {
                        Thread.sleep(1);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                })))
                .hasCauseInstanceOf(BlockingOperationError.class);
        assertThat(BLOCKED).hasSize(1);
        BLOCKED.clear();
    }

    @Test
    void aClientsTransportNeverBlocks() {
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine());
        wire.onSend(message -> {
            if (!(message instanceof JSONRPCRequest request)) {
                return Mono.empty();
            }
            Object result = request.method().equals("tools/list")
                    ? Map.of("tools", List.of(GuardedServer.tool("export", "to"), GuardedServer.tool("purge")))
                    : Map.of("content", List.of());
            return wire.receiving(JSONRPCResponse.result(request.id(), result));
        });

        onANonBlockingThread(transport
                .connect(wire::show)
                .thenMany(Flux.range(1, 50)
                        .concatMap(id -> transport
                                .sendMessage(call(id, id % 2 == 0 ? "export" : "delete"))
                                .then(transport.sendMessage(new JSONRPCRequest("tools/list", id)))
                                .then(transport.sendMessage(new JSONRPCNotification("notifications/initialized")))))
                .then(transport.closeGracefully()));

        assertThat(limiter.reserved()).isEqualTo(25);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aServersGuardNeverBlocksThoughTheLimiterIsFarAway() {
        limiter.answering(() -> CompletableFuture.supplyAsync(
                limiter::grant, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS)));
        ServerGuard guard = new ServerGuard(EnforcingServerTransports.builder(engine()));
        ClientSession session = guard.session("s", null);
        Exchange server = request -> Mono.just(JSONRPCResponse.result(
                request.id(),
                request.method().equals("tools/list")
                        ? Map.of("tools", List.of(GuardedServer.tool("export", "to")))
                        : Map.of("content", List.of())));

        List<JSONRPCResponse> responses = onANonBlockingThread(Flux.range(1, 50)
                .concatMap(id -> Flux.concat(
                        guard.answer(call(id, "export"), session, server, null),
                        guard.answer(call(id, "delete"), session, server, null),
                        guard.answer(new JSONRPCRequest("tools/list", id), session, server, null)))
                .collectList());

        assertThat(responses).hasSize(150);
        assertThat(limiter.reserved()).isEqualTo(50);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    /** An engine whose host is asked about each call, and takes its time. */
    private PolicyEngine askingTheHost() {
        return PolicyEngine.builder(new Policies()
                        .tool("export", Policies.limit(10), Policies.asksHost("known", "args.to"))
                        .policy())
                .rateLimiter(limiter)
                .predicate(
                        "known",
                        (value, operand) -> CompletableFuture.supplyAsync(
                                        () -> value.json().equals("\"x\""),
                                        CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
                                .get(),
                        Await.PATIENCE)
                .build();
    }

    @Test
    void aClientsTransportNeverWaitsForWhatTheHostIsAsked() {
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, askingTheHost());
        wire.onSend(message -> message instanceof JSONRPCRequest request
                ? wire.receiving(JSONRPCResponse.result(request.id(), Map.of("content", List.of())))
                : Mono.empty());

        onANonBlockingThread(transport
                .connect(wire::show)
                .thenMany(Flux.range(1, 50)
                        .concatMap(
                                id -> transport.sendMessage(call(id, "export")).subscribeOn(answering)))
                .then(transport.closeGracefully()));

        assertThat(wire.shown).hasSize(50).noneMatch(shown -> shown.toString().contains("DENIED"));
        assertThat(limiter.reserved()).isEqualTo(50);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aServersGuardNeverWaitsForWhatTheHostIsAsked() {
        ServerGuard guard = new ServerGuard(EnforcingServerTransports.builder(askingTheHost()));
        ClientSession session = guard.session("s", null);
        Exchange server = request -> Mono.just(JSONRPCResponse.result(request.id(), Map.of("content", List.of())));

        List<JSONRPCResponse> responses = onANonBlockingThread(Flux.range(1, 50)
                .concatMap(id ->
                        guard.answer(call(id, "export"), session, server, null).subscribeOn(answering))
                .collectList());

        assertThat(responses)
                .hasSize(50)
                .noneMatch(response -> response.result().toString().contains("DENIED"));
        assertThat(limiter.reserved()).isEqualTo(50);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    /** The question goes out, the answer comes in and the call goes on without a thread that waits. */
    @Test
    void aCallThatWaitsForThePersonAtTheClientBlocksNothing() {
        PolicyEngine asking = PolicyEngine.builder(new Policies()
                        .tool("export", Policies.limit(100), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .build();
        ServerGuard guard =
                new ServerGuard(EnforcingServerTransports.builder(asking).elicitApprovals());
        ClientSession session = guard.session("s", method -> Mono.empty());
        session.approvals()
                .introduced(ClientCapabilities.builder().elicitation().build());
        McpServerTransport client = new McpServerTransport() {
            @Override
            public Mono<Void> sendMessage(JSONRPCMessage question) {
                return Mono.delay(Duration.ofMillis(1), answering)
                        .then(guard.answered(
                                JSONRPCResponse.result(
                                        ((JSONRPCRequest) question).id(),
                                        Map.of("action", "accept", "content", Map.of("decision", "approve"))),
                                session,
                                forTheServer -> Mono.error(new AssertionError("not the server's"))));
            }

            @Override
            public Mono<Void> closeGracefully() {
                return Mono.empty();
            }

            @Override
            public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
                return McpJsonDefaults.getMapper().convertValue(data, type);
            }
        };
        Exchange server = request -> Mono.just(JSONRPCResponse.result(request.id(), Map.of("content", List.of())));

        List<JSONRPCResponse> responses = onANonBlockingThread(Flux.range(1, 50)
                .flatMap(id -> guard.answer(call(id, "export"), session, server, session.person(client)), 10)
                .collectList());

        assertThat(responses)
                .hasSize(50)
                .noneMatch(response -> response.result().toString().contains("DENIED"));
        assertThat(session.approvals().openQuestions()).isZero();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    /** An engine that asks its host about each result, and notes a mark far away, and takes its time with both. */
    private PolicyEngine judging(SlowMemory memory) {
        CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS).execute(memory::proceed);
        return PolicyEngine.builder(PolicyYaml.read("""
                        version: "1"
                        tools:
                          export:
                            limits: [{counter: n, window: hour, max: 100}]
                            results:
                              - require: [{path: result.text, op: custom.known}]
                              - redact: [{pattern: "SECRET-[0-9]+"}]
                            marks: [exported]
                        """, "test").orThrow())
                .rateLimiter(limiter)
                .sessionMemory(memory)
                .predicate(
                        "known",
                        (value, operand) -> CompletableFuture.supplyAsync(
                                        () -> value.json().contains("SECRET"),
                                        CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
                                .get(),
                        Await.PATIENCE)
                .build();
    }

    private static final Map<String, Object> A_KEY =
            Map.of("content", List.of(Map.of("type", "text", "text", "SECRET-1")));

    @Test
    void aClientsTransportNeverWaitsForWhatIsJudgedOfAnAnswer() {
        SlowMemory memory = new SlowMemory();
        EnforcingClientTransport transport = EnforcingClientTransport.builder(wire, judging(memory))
                .identity("ada")
                .build();
        wire.onSend(message -> message instanceof JSONRPCRequest request
                ? wire.receiving(JSONRPCResponse.result(request.id(), A_KEY)).subscribeOn(answering)
                : Mono.empty());

        onANonBlockingThread(transport
                .connect(wire::show)
                .thenMany(Flux.range(1, 50).concatMap(id -> transport.sendMessage(call(id, "export"))))
                .then(transport.closeGracefully()));

        assertThat(wire.shown).hasSize(50).allMatch(shown -> shown.toString().contains("[redacted]"));
        assertThat(memory.waiting()).isEqualTo(50);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aServersGuardNeverWaitsForWhatIsJudgedOfAnAnswer() {
        SlowMemory memory = new SlowMemory();
        ServerGuard guard = new ServerGuard(
                EnforcingServerTransports.builder(judging(memory)).identity("ada"));
        ClientSession session = guard.session("s", null);
        Exchange server = request -> Mono.just(JSONRPCResponse.result(request.id(), A_KEY));

        List<JSONRPCResponse> responses = onANonBlockingThread(Flux.range(1, 50)
                .concatMap(id ->
                        guard.answer(call(id, "export"), session, server, null).subscribeOn(answering))
                .collectList());

        assertThat(responses)
                .hasSize(50)
                .allMatch(response -> response.result().toString().contains("[redacted]"));
        assertThat(memory.waiting()).isEqualTo(50);
        assertThat(limiter.settledEachOnce()).isTrue();
    }
}
