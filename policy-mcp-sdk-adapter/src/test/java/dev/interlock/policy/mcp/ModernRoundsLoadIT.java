package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.doubles.CallTrail;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.doubles.RoundsLoad;
import dev.interlock.policy.doubles.RoundsLoad.Fate;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.client.McpAsyncClient;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.StdioMcpClientTransport;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import io.modelcontextprotocol.modern.server.transport.StdioMcpTransport;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Many calls of several rounds at once, between the SDK's modern client and server, with the guard on either side.
 * Whatever becomes of a call, it is charged once and settled once, and nothing is kept of it in the end.
 */
class ModernRoundsLoadIT {

    /** How many exchanges there are at once where each takes a connection, and maybe a thread of the server's. */
    private static final int CONNECTIONS = 32;

    private static final byte[] KEY = "a key that all the replicas share".getBytes(StandardCharsets.UTF_8);

    /** Longer than a call may go on. */
    private static final Duration TOO_LONG = Duration.ofMinutes(11);

    @TempDir
    private Path directory;

    private final ManualTime time = new ManualTime();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final CallTrail trail = new CallTrail("n");
    private final ExecutorService limiterThreads = Executors.newFixedThreadPool(2);
    private final List<PolicyEngine> engines = new ArrayList<>();
    private final List<McpAsyncClient> clients = new ArrayList<>();
    /** Sizes of what is kept between the rounds of a call. */
    private final List<IntSupplier> waiting = new ArrayList<>();
    /** Sizes of what is kept while a call is under way. */
    private final List<IntSupplier> busy = new ArrayList<>();

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<Integer, String> states = new ConcurrentHashMap<>();
    private ModernInquiringServer server;
    private boolean onServer;
    private int atOnce;

    ModernRoundsLoadIT() {
        // As one that is reached over a network.
        limiter.answering(() -> CompletableFuture.supplyAsync(limiter::grant, limiterThreads));
    }

    // ---- four ways

    /** Connects a client to a server. */
    private interface Wire {
        McpClientTransport to(McpRequestManager manager) throws Exception;
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        limiterThreads.shutdownNow();
    }

    @Test
    void aClientsGuardOverPipes() throws Exception {
        serve(RoundsLoad.CALLS);
        guardClient(this::pipe);
        load();
    }

    @Test
    void aClientsGuardOverHttp() throws Exception {
        serve(0);
        guardClient(this::http);
        load();
        assertThat(server.lists()).isOne();
    }

    @Test
    void guardsOfTwoReplicasOverPipes() throws Exception {
        serve(RoundsLoad.CALLS);
        guardReplica(this::pipe);
        guardReplica(this::pipe);
        load();
    }

    @Test
    void guardsOfTwoReplicasOverHttp() throws Exception {
        serve(0);
        guardReplica(this::http);
        guardReplica(this::http);
        load();
    }

    /** @param together how many calls the server awaits before it answers any */
    private void serve(int together) {
        server = new ModernInquiringServer(together);
        atOnce = together == 0 ? CONNECTIONS : together;
    }

    private void guardClient(Wire wire) throws Exception {
        EnforcingModernTransport transport = EnforcingModernTransport.builder(wire.to(server.replica()), engine())
                .timeSource(time)
                .alarm(time)
                .build();
        open.push(transport);
        connect(transport);
        waiting.add(transport::continuations);
        busy.add(transport::callsBeingDecided);
    }

    private void guardReplica(Wire wire) throws Exception {
        onServer = true;
        EnforcingRequestManager manager = EnforcingRequestManager.builder(server.replica(), engine())
                .timeSource(time)
                .alarm(time)
                .stateKey(KEY)
                .build();
        open.push(manager::closeGracefully);
        connect(wire.to(manager));
        busy.add(manager::callsBeingDecided);
        busy.add(manager::runningCalls);
    }

    private PolicyEngine engine() {
        PolicyEngine engine = PolicyEngine.builder(policy(Policies.limit(1_000_000)))
                .rateLimiter(limiter)
                .audit(trail)
                .time(time)
                .build();
        engines.add(engine);
        return engine;
    }

    private static Policy policy(Rule revoked) {
        return new Policies()
                .tool(RoundsLoad.BOOK, Policies.limit(1_000_000))
                .tool(RoundsLoad.REVOKED, revoked)
                .tool(RoundsLoad.FORBIDDEN, Policies.denied("Never."))
                .policy();
    }

    private void connect(McpClientTransport transport) {
        clients.add(McpClient.async(transport)
                .roundTimeout(Await.PATIENCE)
                .formElicitation(question -> Mono.just(new ElicitResult(ElicitResult.Action.ACCEPT, Map.of())))
                .build());
    }

    /** The SDK's transports for stdio, over a pair of streams. */
    private McpClientTransport pipe(McpRequestManager manager) throws Exception {
        Socket toServer;
        Socket toClient;
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            toServer = new Socket(InetAddress.getLoopbackAddress(), listening.getLocalPort());
            toClient = listening.accept();
        }
        Disposable serving = new StdioMcpTransport(
                        manager, McpJsonDefaults.getMapper(), toClient.getInputStream(), toClient.getOutputStream())
                .start()
                .subscribe();
        StdioMcpClientTransport transport = StdioMcpClientTransport.builder(
                        toServer.getInputStream(), toServer.getOutputStream())
                .start();
        open.push(() -> {
            transport.close();
            toServer.close();
            toClient.close();
            serving.dispose();
        });
        return transport;
    }

    /** The SDK's servlet, on Tomcat. */
    private McpClientTransport http(McpRequestManager manager) throws Exception {
        HttpServer http = HttpServer.of(
                HttpServletMcpTransport.builder(manager).build(), Files.createTempDirectory(directory, "tomcat"));
        open.push(http);
        return HttpClientMcpTransport.builder(http.url() + "/mcp").build();
    }

    // ---- the calls

    private void load() {
        eachOf(IntStream.range(0, RoundsLoad.CALLS).boxed().toList(), this::begin);
        Await.until(() -> sum(busy) == 0);
        if (!onServer) {
            int gone = RoundsLoad.with(Fate.CANCELLED_IN_FIRST_ROUND).size();
            assertThat(sum(waiting)).isBetween(RoundsLoad.CALLS - gone, RoundsLoad.CALLS);
        }
        assertThat(limiter.reserved()).isEqualTo(RoundsLoad.CALLS);

        List<Integer> all =
                new ArrayList<>(IntStream.range(0, RoundsLoad.ALL).boxed().toList());
        Collections.shuffle(all, new Random(19));
        eachOf(all, this::goOn);
        Await.until(() -> sum(busy) == 0);

        engines.forEach(engine -> engine.update(policy(Policies.denied("No more."))));
        eachOf(RoundsLoad.with(Fate.REVOKED), n -> ends(n, states.get(n), "[POLICY DENIED] No more."));
        time.advance(TOO_LONG);
        eachOf(RoundsLoad.with(Fate.LATE), n -> ends(n, states.get(n), "done"));
        time.advance(TOO_LONG);

        Await.until(() -> sum(busy) == 0);
        assertThat(sum(waiting)).isZero();
        RoundsLoad.assertEachOnce(RoundsLoad.ALL, trail, limiter, server::arrivals, onServer);
    }

    /** Does something with each call, with as many at once as there may be. */
    private void eachOf(Collection<Integer> calls, Function<Integer, Mono<Void>> action) {
        Flux.fromIterable(calls).flatMap(action, atOnce).then().block(Await.PATIENCE);
    }

    private static int sum(List<IntSupplier> sizes) {
        return sizes.stream().mapToInt(IntSupplier::getAsInt).sum();
    }

    private Mono<Void> begin(int n) {
        Mono<CallToolOutcome> call = call(n, null, 0).callOnce();
        return Fate.of(n) == Fate.CANCELLED_IN_FIRST_ROUND
                ? cancelled(n, call)
                : call.doOnNext(answer -> states.put(n, state(answer))).then();
    }

    private Mono<Void> goOn(int n) {
        if (n >= RoundsLoad.CALLS) {
            return switch (Fate.of(n)) {
                case FORBIDDEN -> ends(n, null, "[POLICY DENIED] Never.");
                case CANCELLED_AT_ONCE ->
                    Mono.fromRunnable(() -> call(n, null, 0)
                            .callOnce()
                            .subscribe(answer -> {}, failure -> {})
                            .dispose());
                // The SDK's client makes it again by itself.
                default -> checked(call(n, null, 0).call(), "done");
            };
        }
        String state = states.get(n);
        return switch (Fate.of(n)) {
            case COMPLETES, COMPLETES_WITH_IS_ERROR -> ends(n, state, "done");
            case COMPLETES_WITH_ERROR -> fails(goOn(call(n, state, 1), n, 1));
            case CANCELLED_IN_SECOND_ROUND -> cancelled(n, call(n, state, 1).callOnce());
            case FORGED -> fails(call(n, RoundsLoad.forged(n, states), 1).callOnce());
            case TWICE ->
                Mono.when(
                        checked(goOn(call(n, state, 1), n, 1), "done"), checked(goOn(call(n, state, 2), n, 2), "done"));
            case ANOTHER -> {
                Map<String, Object> changed = RoundsLoad.arguments(n);
                changed.put("changed", true);
                Mono<CallToolOutcome> call =
                        call(n, state, 1).arguments(changed).callOnce();
                yield onServer ? fails(call) : checked(call, "done");
            }
            default -> Mono.empty();
        };
    }

    /** Makes a call again until it is answered with a result that begins like this. */
    private Mono<Void> ends(int n, @Nullable String state, String text) {
        return checked(goOn(call(n, state, 1), n, 1), text);
    }

    private Mono<CallToolOutcome> goOn(McpAsyncClient.ToolSpec call, int n, int round) {
        return call.callOnce()
                .flatMap(answer -> answer instanceof InputRequiredResult
                        ? goOn(call(n, state(answer), round + 1), n, round + 1)
                        : Mono.just(answer));
    }

    private static Mono<Void> checked(Mono<? extends CallToolOutcome> call, String text) {
        return call.doOnNext(answer -> assertThat(((TextContent)
                                        ((CallToolResult) answer).content().get(0))
                                .text())
                        .startsWith(text))
                .then();
    }

    private static Mono<Void> fails(Mono<CallToolOutcome> call) {
        return call.then(Mono.<Void>error(new AssertionError("the call has a result")))
                .onErrorResume(McpException.class, failure -> Mono.empty());
    }

    /** Gives up on a call when the server has it. */
    private Mono<Void> cancelled(int n, Mono<CallToolOutcome> call) {
        return call.takeUntilOther(server.held(n)).then(Mono.fromRunnable(() -> server.release(n)));
    }

    /** @param round chooses any client, but the same in each run */
    private McpAsyncClient.ToolSpec call(int n, @Nullable String state, int round) {
        McpAsyncClient.ToolSpec call = clients.get(new SplittableRandom(31L * n + round).nextInt(clients.size()))
                .tool(ModernInquiringServer.definition(RoundsLoad.tool(n)))
                .arguments(RoundsLoad.arguments(n));
        return state == null
                ? call
                : call.requestState(state)
                        .inputResponses(Map.of(RoundsLoad.INPUT, Map.of("action", "accept", "content", Map.of())));
    }

    private static String state(CallToolOutcome answer) {
        return ((InputRequiredResult) answer).requestState();
    }
}
