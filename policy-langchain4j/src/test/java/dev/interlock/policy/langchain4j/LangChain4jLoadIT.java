package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.CallTrail;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.doubles.RoundsLoad;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpCancellationNotification;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Many calls at once, of which each is charged once and settled once, and of which nothing is kept in the end.
 * LangChain4j makes no call again: one whose server asks for input is over.
 */
class LangChain4jLoadIT {

    private static final int CALLS = RoundsLoad.CALLS;

    private static final String POLICY = """
            version: "1"
            tools:
              book:
                rules: [{name: often, rate_limit: 1000000/day}]
              forbidden:
                rules: [{name: never, action: deny, on_deny: Never.}]
            """;

    private static final String ASKS =
            "'result': {'resultType': 'input_required', 'requestState': 's', 'inputRequests':"
                    + " {'q': {'method': 'elicitation/create', 'params': {}}}}";

    /** What becomes of a call. */
    private enum Fate {
        ANSWERED("'result': {'content': []}", CallOutcome.SUCCEEDED),
        FAILED("'error': {'code': -32050, 'message': 'it failed'}", CallOutcome.FAILED),
        TOOL_ERROR("'result': {'content': [], 'isError': true}", CallOutcome.TOOL_ERROR),
        ASKED_FOR_INPUT(ASKS, CallOutcome.UNKNOWN),
        ASKED_WITHOUT_STATE(ASKS.replace("'requestState': 's', ", ""), CallOutcome.UNKNOWN),
        CANCELLED("", CallOutcome.UNKNOWN),
        DROPPED("", CallOutcome.UNKNOWN),
        FORGOTTEN("", CallOutcome.UNKNOWN),
        FORBIDDEN("");

        private final String answer;

        @SuppressWarnings("ImmutableEnumChecker") // the list is unmodifiable
        private final List<CallOutcome> ends;

        Fate(String answer, CallOutcome... ends) {
            this.answer = answer;
            this.ends = List.of(ends);
        }

        static Fate of(long n) {
            return values()[(int) (n % values().length)];
        }
    }

    private final ManualTime time = new ManualTime();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final CallTrail trail = new CallTrail("n");
    private final ExecutorService limiterThreads = Executors.newFixedThreadPool(2);
    private final ExecutorService clients = Executors.newFixedThreadPool(4);
    private final Server server = new Server();
    private final EnforcingMcpTransport transport = EnforcingMcpTransport.builder(
                    server,
                    PolicyEngine.builder(PolicyYaml.read(POLICY, "test").orThrow())
                            .rateLimiter(limiter)
                            .audit(trail)
                            .time(time)
                            .build())
            .timeSource(time)
            .alarm(time)
            .build();
    private final Map<Long, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    /** What the client waits for. */
    private final Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();

    /** Keeps the calls that arrive, and answers them when it is told to. */
    private static final class Server implements McpTransport {

        private final Map<Long, Integer> arrivals = new ConcurrentHashMap<>();
        private final CountDownLatch all = new CountDownLatch((int) LongStream.range(0, CALLS)
                .filter(n -> Fate.of(n) != Fate.FORBIDDEN)
                .count());
        private McpOperationHandler handler;

        @Override
        public void start(McpOperationHandler messageHandler) {
            handler = messageHandler;
        }

        @Override
        public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
            return executeOperationWithResponse(request);
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request) {
            return executeOperationWithResponse(new McpCallContext(null, request));
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
            CompletableFuture<JsonNode> response = new CompletableFuture<>();
            handler.startOperation(context.message().getId(), response);
            arrivals.merge(context.message().getId(), 1, Integer::sum);
            all.countDown();
            return response;
        }

        @Override
        public void executeOperationWithoutResponse(McpClientMessage request) {
            // It goes on with what a client has given up.
        }

        @Override
        public void executeOperationWithoutResponse(McpCallContext context) {
            // Likewise.
        }

        void answer(long id) {
            handler.handle(ScriptedTransport.json("{'jsonrpc': '2.0', 'id': " + id + ", " + Fate.of(id).answer + "}"));
        }

        @Override
        public void checkHealth() {
            // It is always well.
        }

        @Override
        public void onFailure(Runnable actionOnFailure) {
            // It never fails.
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }

    @AfterEach
    void close() throws Exception {
        clients.shutdownNow();
        limiterThreads.shutdownNow();
        transport.close();
    }

    @Test
    void eachCallIsChargedAndSettledOnce() throws Exception {
        // As one that is reached over a network.
        limiter.answering(() -> CompletableFuture.supplyAsync(limiter::grant, limiterThreads));
        transport.start(new McpOperationHandler(
                pending, List::of, transport, null, () -> {}, null, null, null, null, null, null, null));

        each(n -> answers.put(
                n,
                transport.executeOperationWithResponse(
                        new McpCallToolRequest(n, Fate.of(n) == Fate.FORBIDDEN ? "forbidden" : "book", (ObjectNode)
                                ScriptedTransport.json("{'n': " + n + "}")))));
        assertThat(server.all.await(5, TimeUnit.MINUTES)).isTrue();
        for (long n = 0; n < CALLS; n++) {
            if (Fate.of(n) == Fate.FORBIDDEN) {
                assertThat(answers.get(n).get(5, TimeUnit.MINUTES).toString()).contains("[POLICY DENIED] Never.");
            }
        }
        assertThat(transport.openCalls()).isEqualTo(server.arrivals.size());
        each(this::end);
        for (long n = 0; n < CALLS; n++) {
            if (!Fate.of(n).answer.isEmpty()) {
                answers.get(n).get(5, TimeUnit.MINUTES);
            }
        }
        time.advance(Duration.ofMinutes(11));

        assertThat(transport.openCalls()).isZero();
        trail.assertWhole();
        Map<String, List<CallOutcome>> ends = trail.ends();
        for (long n = 0; n < CALLS; n++) {
            String name = String.valueOf(n);
            assertThat(ends.getOrDefault(name, List.of())).as(name).isEqualTo(Fate.of(n).ends);
            assertThat(server.arrivals.getOrDefault(n, 0)).isEqualTo(Fate.of(n) == Fate.FORBIDDEN ? 0 : 1);
        }
        assertThat(limiter.reserved()).isEqualTo(server.arrivals.size());
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    private void end(long n) {
        switch (Fate.of(n)) {
            case CANCELLED ->
                transport.executeOperationWithoutResponse(new McpCancellationNotification(n, "no more interest"));
            case DROPPED -> answers.get(n).cancel(true);
            case FORGOTTEN, FORBIDDEN -> {}
            default -> server.answer(n);
        }
    }

    /** Does something with each call, in any order and on several threads. */
    private void each(LongConsumer action) throws Exception {
        List<Long> order = new ArrayList<>(LongStream.range(0, CALLS).boxed().toList());
        Collections.shuffle(order, new Random(19));
        List<Future<?>> all = new ArrayList<>();
        for (long n : order) {
            all.add(clients.submit(() -> action.accept(n)));
        }
        for (Future<?> each : all) {
            each.get(5, TimeUnit.MINUTES);
        }
    }
}
