package dev.interlock.policy.cli.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.Policy;
import dev.interlock.policy.cli.Interlock;
import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.server.ChildTransport;
import dev.interlock.policy.cli.server.HostOutput;
import dev.interlock.policy.cli.server.HttpTransport;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.cli.server.ServerUrl;
import dev.interlock.policy.doubles.CallTrail;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.doubles.RoundsLoad;
import dev.interlock.policy.doubles.RoundsLoad.Fate;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.GuardTables;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/**
 * Many calls of several rounds at once through the proxy. Whatever becomes of a call, it is charged once and settled
 * once, and nothing is kept of it in the end.
 */
class ProxyRoundsLoadIT {

    private static final Duration PATIENCE = Duration.ofSeconds(Interlock.PATIENCE_SECONDS);

    private static final int LONGEST_LINE = 16 << 20;

    /** How many requests there are at once where each takes a connection, and a thread of the server's. */
    private static final int CONNECTIONS = 32;

    /** Longer than a call may go on. */
    private static final Duration TOO_LONG = Duration.ofMinutes(11);

    private static final String LIMITED = "{name: often, rate_limit: 1000000/day}";

    /** With a rule for the tool that is denied later. */
    private static final String POLICY = """
            version: "1"
            tools:
              book:
                rules: [{name: often, rate_limit: 1000000/day}]
              revoked:
                rules: [%s]
              forbidden:
                rules: [{name: never, action: deny, on_deny: Never.}]
            """;

    @TempDir
    private Path directory;

    private final ManualTime time = new ManualTime();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final CallTrail trail = new CallTrail("n");
    private final Map<Integer, String> states = new ConcurrentHashMap<>();
    /** The calls that the server holds. */
    private final Map<Integer, CompletableFuture<Void>> held = new ConcurrentHashMap<>();

    private Host host;
    private int atOnce;

    /** The host of a proxy, on the other end of its streams. */
    private final class Host {

        private final OutputStream out;
        private final Thread reader;
        private final AtomicInteger ids = new AtomicInteger();
        private final Map<Integer, CompletableFuture<JsonNode>> awaited = new ConcurrentHashMap<>();

        Host(InputStream in, OutputStream out) {
            this.out = out;
            this.reader = new Thread(() -> read(in), "test-host");
            reader.start();
        }

        private void read(InputStream in) {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    JsonNode message = Inquiries.read(line);
                    Integer n = Inquiries.held(message);
                    if (n != null) {
                        heldCall(n).complete(null);
                    } else {
                        CompletableFuture<JsonNode> waiting =
                                awaited.remove(message.path("id").asInt());
                        if (waiting != null) {
                            waiting.complete(message);
                        }
                    }
                }
            } catch (IOException e) {
                // The proxy has ended. What is still awaited ends the test.
            }
        }

        private void send(Map<String, ?> message) {
            byte[] line = Interlock.utf8(Inquiries.write(message) + "\n");
            synchronized (out) {
                try {
                    out.write(line);
                    out.flush();
                } catch (IOException e) {
                    throw new AssertionError("the proxy does not read", e);
                }
            }
        }

        /** Sends a request, whose answer is complete when the future is. */
        CompletableFuture<JsonNode> request(int id, String method, Map<String, ?> params) {
            CompletableFuture<JsonNode> answer = new CompletableFuture<>();
            awaited.put(id, answer);
            send(Map.of("jsonrpc", "2.0", "id", id, "method", method, "params", params));
            return answer;
        }

        void cancel(int id) {
            awaited.remove(id);
            send(Map.of("jsonrpc", "2.0", "method", "notifications/cancelled", "params", Map.of("requestId", id)));
        }

        /** Everything that was sent before was read by the proxy when this returns. */
        void awaitReading() throws Exception {
            request(ids.incrementAndGet(), "ping", Map.of()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private CompletableFuture<Void> heldCall(int n) {
        return held.computeIfAbsent(n, any -> new CompletableFuture<>());
    }

    // ---- three ways

    @Test
    void inThisProcessToAProcess() throws Exception {
        atOnce = RoundsLoad.ALL;
        JsonRpc json = new JsonRpc();
        CompletableFuture<Integer> exit = new CompletableFuture<>();
        Path counts = directory.resolve("counts.json");
        throughProxy(
                json,
                output -> new ChildTransport(
                        Inquiries.server(counts, RoundsLoad.CALLS),
                        json,
                        output,
                        problem -> {},
                        LONGEST_LINE,
                        OutputStream.nullOutputStream(),
                        exit));
        assertThat(exit.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isZero();
        JsonNode arrivals = Inquiries.written(counts);
        assertEachOnce(n -> arrivals.path(String.valueOf(n)).asInt(0));
    }

    @Test
    void inThisProcessToAServerOverHttp() throws Exception {
        atOnce = CONNECTIONS;
        JsonRpc json = new JsonRpc();
        try (Web web = new Web()) {
            throughProxy(
                    json,
                    output -> new HttpTransport(
                            ServerUrl.of(web.url()),
                            List.of(),
                            json,
                            line -> {},
                            problem -> {},
                            () -> true,
                            call -> Mono.just(false),
                            LONGEST_LINE,
                            PATIENCE));
            assertEachOnce(web.inquiries::arrivals);
        }
    }

    @Test
    void asAProcess() throws Exception {
        atOnce = RoundsLoad.ALL;
        Path counts = directory.resolve("counts.json");
        List<String> args =
                new ArrayList<>(List.of("proxy", "policy.yaml", "--state", "none", "--audit", "audit.jsonl", "--"));
        args.addAll(Inquiries.server(counts, RoundsLoad.CALLS));
        Process proxy = new Interlock(directory)
                .file("policy.yaml", POLICY.formatted(LIMITED))
                .builder(args.toArray(String[]::new))
                .redirectError(directory.resolve("err").toFile())
                .start();
        host = new Host(proxy.getInputStream(), proxy.getOutputStream());
        beginAndGoOn();
        host.awaitReading();
        proxy.getOutputStream().close();
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        host.reader.join();

        assertThat(proxy.exitValue())
                .as(Files.readString(directory.resolve("err")))
                .isZero();
        Map<String, Integer> begun = new HashMap<>();
        Map<String, Integer> ended = new HashMap<>();
        Map<String, Integer> denied = new HashMap<>();
        for (String line : Files.readAllLines(directory.resolve("audit.jsonl"))) {
            JsonNode record = Inquiries.read(line);
            String id = record.path("id").asString("");
            if (record.path("event").asString("").equals("settlement")) {
                ended.merge(id, 1, Integer::sum);
            } else if (record.path("event").asString("").equals("decision") && !record.has("round")) {
                (record.path("tool").asString("").equals(RoundsLoad.FORBIDDEN) ? denied : begun)
                        .merge(id, 1, Integer::sum);
            }
        }
        int twice = List.of(Fate.FORGED, Fate.TWICE, Fate.ANOTHER).stream()
                .mapToInt(fate -> RoundsLoad.with(fate).size())
                .sum();
        assertThat(ended).isEqualTo(begun);
        assertThat(begun.values()).containsOnly(1);
        assertThat(begun).hasSize(RoundsLoad.ALL - denied.size() + twice);
        assertThat(denied.values()).containsOnly(1);
        JsonNode arrivals = Inquiries.written(counts);
        IntStream.range(0, RoundsLoad.ALL)
                .filter(n -> Fate.of(n) == Fate.FORBIDDEN)
                .forEach(n -> assertThat(arrivals.has(String.valueOf(n))).isFalse());
    }

    private static Policy policy(String revoked) {
        return PolicyYaml.read(POLICY.formatted(revoked), "policy.yaml")
                .policy()
                .orElseThrow();
    }

    /** Has all calls made through a proxy, and looks whether it has forgotten them. */
    private void throughProxy(JsonRpc json, Function<HostOutput, McpClientTransport> toServer) throws Exception {
        ExecutorService limiterThreads = Executors.newFixedThreadPool(2);
        // As one that is reached over a network.
        limiter.answering(() -> CompletableFuture.supplyAsync(limiter::grant, limiterThreads));
        PolicyEngine engine = PolicyEngine.builder(policy(LIMITED))
                .rateLimiter(limiter)
                .audit(trail)
                .time(time)
                .build();
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket toProxy = new Socket(InetAddress.getLoopbackAddress(), listening.getLocalPort());
                Socket toHost = listening.accept()) {
            HostOutput output = new HostOutput(toHost.getOutputStream(), LONGEST_LINE);
            McpClientTransport inner = toServer.apply(output);
            EnforcingClientTransport guard = EnforcingClientTransport.builder(inner, engine)
                    .timeSource(time)
                    .alarm(time)
                    .build();
            List<String> problems = new CopyOnWriteArrayList<>();
            Proxy proxy = new Proxy(json, guard, output, line -> false, problems::add, LONGEST_LINE);
            proxy.connect();
            Thread serving = new Thread(() -> serve(proxy, toHost, problems), "test-proxy");
            serving.start();
            host = new Host(toProxy.getInputStream(), toProxy.getOutputStream());

            beginAndGoOn();
            engine.update(policy("{name: no, action: deny, on_deny: No more.}"));
            eachOf(RoundsLoad.with(Fate.REVOKED), n -> ends(n, states.get(n), "[POLICY DENIED] No more."));
            time.advance(TOO_LONG);
            eachOf(RoundsLoad.with(Fate.LATE), n -> ends(n, states.get(n), "done"));
            time.advance(TOO_LONG);
            host.awaitReading();
            // What was cancelled before it was decided is given back by these.
            limiterThreads.shutdown();
            assertThat(limiterThreads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();

            proxy.awaitAnswers(Deadline.in(PATIENCE));
            proxy.awaitSent(Deadline.in(PATIENCE));
            assertThat(GuardTables.waiting(guard)).isZero();
            assertThat(GuardTables.busy(guard)).isZero();
            assertThat(proxy.unanswered()).isZero();
            assertThat(proxy.underWay()).isZero();
            toProxy.shutdownOutput();
            serving.join();
            inner.closeGracefully().block(PATIENCE);
            guard.close();
            output.finish(Deadline.in(PATIENCE));
            host.reader.join();
            assertThat(problems).isEmpty();
        }
    }

    private static void serve(Proxy proxy, Socket host, List<String> problems) {
        try {
            proxy.run(host.getInputStream());
        } catch (IOException | InterruptedException e) {
            problems.add("the proxy has ended: " + e);
        }
    }

    private void assertEachOnce(IntUnaryOperator arrivals) {
        RoundsLoad.assertEachOnce(RoundsLoad.ALL, trail, limiter, arrivals, false);
    }

    /** A server over HTTP, which answers each request in its own exchange. */
    private final class Web implements AutoCloseable {

        private final HttpServer http;
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final Inquiries inquiries = new Inquiries();
        private final Map<Integer, CompletableFuture<Void>> cancelled = new ConcurrentHashMap<>();

        Web() throws IOException {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            http.setExecutor(threads);
            http.createContext("/mcp", this::handle);
            http.start();
        }

        String url() {
            return "http://127.0.0.1:" + http.getAddress().getPort() + "/mcp";
        }

        private void handle(HttpExchange exchange) throws IOException {
            try (exchange) {
                JsonNode message =
                        Inquiries.read(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                if (!message.has("id")) {
                    cancelled(message.at("/params/requestId").asInt()).complete(null);
                    exchange.sendResponseHeaders(202, -1);
                    return;
                }
                if (message.path("method").asString().equals("tools/call")) {
                    inquiries.count(message);
                    if (Inquiries.isHeld(message)) {
                        heldCall(Inquiries.number(message)).complete(null);
                        cancelled(message.get("id").asInt()).join();
                    }
                }
                byte[] answer = Interlock.utf8(Inquiries.answer(message));
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        }

        private CompletableFuture<Void> cancelled(int id) {
            return cancelled.computeIfAbsent(id, any -> new CompletableFuture<>());
        }

        @Override
        public void close() {
            http.stop(0);
            threads.shutdownNow();
        }
    }

    // ---- the calls

    private void beginAndGoOn() {
        eachOf(IntStream.range(0, RoundsLoad.CALLS).boxed().toList(), this::begin);
        List<Integer> all =
                new ArrayList<>(IntStream.range(0, RoundsLoad.ALL).boxed().toList());
        Collections.shuffle(all, new Random(19));
        eachOf(all, this::goOn);
    }

    /** Does something with each call, with as many at once as there may be. */
    private void eachOf(Collection<Integer> calls, Function<Integer, Mono<Void>> action) {
        Flux.fromIterable(calls).flatMap(action, atOnce).then().block(PATIENCE);
    }

    private Mono<Void> begin(int n) {
        return Fate.of(n) == Fate.CANCELLED_IN_FIRST_ROUND
                ? cancelled(n, null)
                : call(n, RoundsLoad.arguments(n), null)
                        .doOnNext(answer -> states.put(n, state(answer)))
                        .then();
    }

    private Mono<Void> goOn(int n) {
        if (n >= RoundsLoad.CALLS) {
            return switch (Fate.of(n)) {
                case FORBIDDEN -> ends(n, null, "[POLICY DENIED] Never.");
                case CANCELLED_AT_ONCE ->
                    Mono.fromRunnable(() -> {
                        int id = host.ids.incrementAndGet();
                        CompletableFuture<JsonNode> unused =
                                host.request(id, "tools/call", params(n, RoundsLoad.arguments(n), null));
                        host.cancel(id);
                    });
                default -> ends(n, null, "done");
            };
        }
        String state = states.get(n);
        return switch (Fate.of(n)) {
            case COMPLETES, COMPLETES_WITH_IS_ERROR -> ends(n, state, "done");
            case COMPLETES_WITH_ERROR ->
                goOn(n, state).doOnNext(ProxyRoundsLoadIT::assertFailed).then();
            case CANCELLED_IN_SECOND_ROUND -> cancelled(n, state);
            case FORGED ->
                call(n, RoundsLoad.arguments(n), RoundsLoad.forged(n, states))
                        .doOnNext(ProxyRoundsLoadIT::assertFailed)
                        .then();
            case TWICE -> Mono.when(ends(n, state, "done"), ends(n, state, "done"));
            case ANOTHER -> {
                Map<String, Object> changed = RoundsLoad.arguments(n);
                changed.put("changed", true);
                yield call(n, changed, state)
                        .doOnNext(answer -> assertText(answer, "done"))
                        .then();
            }
            default -> Mono.empty();
        };
    }

    /** Makes a call again until it is answered with a result that begins like this. */
    private Mono<Void> ends(int n, @Nullable String state, String text) {
        return goOn(n, state).doOnNext(answer -> assertText(answer, text)).then();
    }

    private Mono<JsonNode> goOn(int n, @Nullable String state) {
        return call(n, RoundsLoad.arguments(n), state)
                .flatMap(answer -> answer.at("/result/resultType").asString("").equals("input_required")
                        ? goOn(n, state(answer))
                        : Mono.just(answer));
    }

    private static void assertText(JsonNode answer, String text) {
        assertThat(answer.at("/result/content/0/text").asString("")).startsWith(text);
    }

    private static void assertFailed(JsonNode answer) {
        assertThat(answer.at("/error/code").asInt()).as(answer.toString()).isEqualTo(-32050);
    }

    private static String state(JsonNode answer) {
        return answer.at("/result/requestState").asString();
    }

    private Mono<JsonNode> call(int n, Map<String, Object> arguments, @Nullable String state) {
        return Mono.fromFuture(
                () -> host.request(host.ids.incrementAndGet(), "tools/call", params(n, arguments, state)));
    }

    private static Map<String, Object> params(int n, Map<String, Object> arguments, @Nullable String state) {
        Map<String, Object> params = new LinkedHashMap<>(Map.of("name", RoundsLoad.tool(n), "arguments", arguments));
        if (state != null) {
            params.put("requestState", state);
            params.put("inputResponses", Map.of(RoundsLoad.INPUT, Map.of("action", "accept")));
        }
        return params;
    }

    /** Gives up on a call when the server has it. */
    private Mono<Void> cancelled(int n, @Nullable String state) {
        return Mono.fromFuture(() -> {
            int id = host.ids.incrementAndGet();
            CompletableFuture<JsonNode> unused =
                    host.request(id, "tools/call", params(n, RoundsLoad.arguments(n), state));
            return heldCall(n).thenRun(() -> host.cancel(id));
        });
    }
}
