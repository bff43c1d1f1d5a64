package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Calls of several rounds at a guarded server, with clients and replicas of any kind. */
class ModernSealedRoundsTest {

    private static final byte[] KEY = "a key that all the replicas share".getBytes(StandardCharsets.UTF_8);

    private static final Map<String, Object> DONE = Map.of("resultType", "complete", "content", List.of());

    private final RecordingLimiter limiter = new RecordingLimiter();
    private final ManualTime time = new ManualTime();
    private final List<Map<?, ?>> received = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger asking = new AtomicInteger(1);
    private final AtomicInteger questions = new AtomicInteger();
    private String inner = "inner";
    private PolicyEngine engine =
            engine(new Policies().tool("t", Policies.limit(10)).tool("u", Policies.limit(10)));
    private final EnforcingRequestManager guarded = replica(KEY);

    private PolicyEngine engine(Policies policies) {
        return PolicyEngine.builder(policies.policy())
                .rateLimiter(limiter)
                .approvals(request -> {
                    questions.incrementAndGet();
                    return CompletableFuture.completedFuture(ApprovalAnswer.approved("Ada"));
                })
                .build();
    }

    private Map<String, Object> asks() {
        return Map.of(
                "resultType",
                "input_required",
                "requestState",
                inner,
                "inputRequests",
                Map.of("k", Map.of("method", "elicitation/create", "params", Map.of())));
    }

    /** Asks for input until a call comes with its state. */
    private final class Server implements McpRequestManager {

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
            Map<?, ?> params = (Map<?, ?>) request.params();
            received.add(params);
            boolean asks = !inner.equals(params.get("requestState")) || asking.decrementAndGet() > 0;
            return Mono.just(McpTransportResponse.result(JSONRPCResponse.result(request.id(), asks ? asks() : DONE)));
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
            return handle(context, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
            return Mono.empty();
        }
    }

    private EnforcingRequestManager replica(byte[] key, byte[]... earlier) {
        return EnforcingRequestManager.builder(new Server(), engine)
                .callContext((transport, reactor) -> CallContext.by(String.valueOf(transport.get("user"))))
                .timeSource(time)
                .stateKey(key, earlier)
                .build();
    }

    private static Map<?, ?> call(
            EnforcingRequestManager server,
            String user,
            String tool,
            int argument,
            @Nullable String state,
            String key) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", tool);
        params.put("arguments", Map.of("a", argument));
        if (state != null) {
            params.put("requestState", state);
            params.put("inputResponses", Map.of(key, Map.of("action", "accept")));
        }
        McpTransportResponse answer = server.handle(
                        McpTransportContext.create(Map.of("user", user)), new JSONRPCRequest("tools/call", 1L, params))
                .block(Await.PATIENCE);
        return (Map<?, ?>) ((McpTransportResponse.Result) answer).response().result();
    }

    private static Map<?, ?> call(EnforcingRequestManager server, @Nullable String state) {
        return call(server, "ada", "t", 1, state, "k");
    }

    private static String state(Map<?, ?> result) {
        assertThat(result.get("resultType")).isEqualTo("input_required");
        return (String) result.get("requestState");
    }

    @Test
    void aServerThatMayNotAskEndsTheCallAsDenied() {
        engine.update(new Policies().rounds("t", 0, Policies.limit(10)).policy());

        Map<?, ?> answer = call(guarded, null);

        assertThat(answer.toString())
                .contains("[POLICY DENIED] ", "code=rounds")
                .doesNotContain("inner", "il1.");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aCallThatWasMadeAgainOftenEnoughIsANewCall() {
        engine.update(new Policies().rounds("t", 1, Policies.limit(10)).policy());
        asking.set(2);
        String state = state(call(guarded, state(call(guarded, null))));
        assertThat(limiter.reserved()).isOne();

        assertThat(call(guarded, state)).isEqualTo(DONE);
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.SUCCEEDED);
    }

    @Test
    void aCallGoesOnAndIsChargedAndSettledOnce() {
        asking.set(3);
        String state = state(call(guarded, null));
        assertThat(state).startsWith("il1.").doesNotContain("inner");
        state = state(call(guarded, state));
        state = state(call(guarded, state));
        assertThat(call(guarded, state)).isEqualTo(DONE);

        assertThat(limiter.reserved()).isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(received.subList(1, 4)).allMatch(params -> "inner".equals(params.get("requestState")));
        assertThat(limiter.redeemed()).isEqualTo(3);
    }

    @Test
    void noStateIsGoodForAnotherCall() {
        String state = state(call(guarded, null));

        call(guarded, "ada", "t", 2, state, "k");
        call(guarded, "ada", "u", 1, state, "k");
        call(guarded, "eve", "t", 1, state, "k");

        assertThat(limiter.reserved()).isEqualTo(4);
        // The server's own state is not shown to it with another call.
        assertThat(received.subList(1, 4)).allMatch(params -> state.equals(params.get("requestState")));
        call(guarded, "ada", "t", 1, state, "not asked");
        assertThat(limiter.reserved()).isEqualTo(5);
        assertThat(call(guarded, state(call(guarded, null)))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"changed", "cut", "short", "longer", "padded", "empty", "plain", "of another key"})
    void aForgedStateIsThatOfANewCallAndPassesAsItCame(String kind) {
        String good = state(call(guarded, null));
        Map<String, UnaryOperator<String>> kinds = Map.of(
                "changed",
                        state -> state.substring(0, 30) + (state.charAt(30) == 'A' ? 'B' : 'A') + state.substring(31),
                "cut", state -> state.substring(0, state.length() - 4),
                "short", state -> state.substring(0, 30),
                "longer", state -> state + "AAAA",
                "padded", state -> state + "=",
                "empty", state -> "il1.",
                "plain", state -> "il1.inner",
                "of another key", state -> state(call(replica(new byte[32]), null)));
        String forged = kinds.get(kind).apply(good);
        int before = limiter.reserved();

        call(guarded, forged);

        assertThat(limiter.reserved()).isEqualTo(before + 1);
        assertThat(received.get(received.size() - 1).get("requestState")).isEqualTo(forged);
    }

    @Test
    void aStateThatWasUsedOrHasExpiredIsThatOfANewCall() {
        String state = state(call(guarded, null));
        asking.set(10);
        call(guarded, state);
        call(guarded, state);
        assertThat(limiter.reserved()).isEqualTo(2);

        String late = state(call(guarded, null));
        time.advance(Duration.ofMinutes(10));
        call(guarded, late);

        assertThat(limiter.reserved()).isEqualTo(4);
        assertThat(received.get(received.size() - 1).get("requestState")).isEqualTo("inner");
    }

    @Test
    void aCallIsMadeAgainTenTimesAtMost() {
        asking.set(100);
        String state = state(call(guarded, null));
        for (int round = 1; round <= 10; round++) {
            state = state(call(guarded, state));
        }
        assertThat(limiter.reserved()).isOne();
        assertThat(state).isEqualTo("inner");

        call(guarded, state);
        assertThat(limiter.reserved()).isEqualTo(2);
    }

    @Test
    void aRoundIsDecidedByThePolicyInForce() {
        String state = state(call(guarded, null));
        engine.update(new Policies().tool("t", Policies.denied("no more")).policy());

        assertThat(call(guarded, state).get("isError")).isEqualTo(true);
        assertThat(received).hasSize(1);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aCallGoesOnAtAnotherReplicaOnce() {
        EnforcingRequestManager other = replica(KEY);
        asking.set(10);
        String state = state(call(guarded, null));

        String next = state(call(other, state));
        assertThat(limiter.reserved()).isOne();
        call(other, state);
        assertThat(limiter.reserved()).isEqualTo(2);
        call(guarded, next);
        assertThat(limiter.reserved()).isEqualTo(2);
    }

    @Test
    void aPersonIsAskedOnceWhicheverReplicaTheCallGoesOnAt() {
        engine = engine(new Policies().tool("t", Policies.limit(10), Policies.ask()));
        EnforcingRequestManager here = replica(KEY);
        engine = engine(new Policies().tool("t", Policies.limit(10), Policies.ask()));
        EnforcingRequestManager there = replica(KEY);
        asking.set(10);

        String state = state(call(here, null));
        state = state(call(there, state));
        state = state(call(here, state));
        call(there, state);

        assertThat(questions).hasValue(1);
        assertThat(limiter.reserved()).isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(received).hasSize(4);
    }

    @Test
    void aStateIsGoodOnceForAllReplicasAndForNoneIfTheStoreIsGone() {
        engine = engine(new Policies().tool("t", Policies.limit(10)));
        EnforcingRequestManager there = replica(KEY);
        asking.set(10);
        String state = state(call(guarded, null));
        String next = state(call(there, state));
        call(guarded, state);
        assertThat(limiter.reserved()).isEqualTo(2);

        limiter.redeeming(key -> {
            throw new IllegalStateException("the store is gone");
        });
        call(guarded, next);
        assertThat(limiter.reserved()).isEqualTo(3);
    }

    @Test
    void keysChangeWithoutACallThatIsLost() {
        byte[] next = "another key that the replicas share".getBytes(StandardCharsets.UTF_8);
        EnforcingRequestManager opensBoth = replica(KEY, next);
        EnforcingRequestManager sealsWithTheNext = replica(next, KEY);
        asking.set(100);

        String old = state(call(opensBoth, null));
        String both = state(call(sealsWithTheNext, old));
        both = state(call(opensBoth, both));
        call(sealsWithTheNext, both);
        assertThat(limiter.reserved()).isOne();

        call(replica(next), state(call(opensBoth, null)));
        assertThat(limiter.reserved()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 1_000_000})
    void aStateIsSealedWithinABound(int length) {
        inner = "s".repeat(length);
        Map<?, ?> result = call(guarded, null);

        boolean fits = length < 100_000;
        assertThat(((String) result.get("requestState")).length()).isLessThan(fits ? 2_500 : length + 1);
        assertThat(result.get("requestState").equals(inner)).isEqualTo(!fits);
        call(guarded, (String) result.get("requestState"));
        assertThat(limiter.reserved()).isEqualTo(fits ? 1 : 2);
        assertThat(received.get(1).get("requestState")).isEqualTo(inner);
    }

    @Test
    void oneOfManyThatUseAStateAtOnceGoesOn() throws Exception {
        asking.set(Integer.MAX_VALUE);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int round = 0; round < 100; round++) {
                int before = limiter.reserved();
                String state = state(call(guarded, null));
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    all.add(threads.submit(() -> call(guarded, state)));
                }
                for (Future<?> each : all) {
                    each.get();
                }
                assertThat(limiter.reserved()).isEqualTo(before + 8);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void manyCallsAtTwoReplicasAreChargedOnceAndSettledOnceEach() throws Exception {
        int calls = 10_000;
        asking.set(Integer.MAX_VALUE);
        EnforcingRequestManager other = replica(KEY);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                int argument = i;
                all.add(threads.submit(() -> {
                    String state = state(call(guarded, "ada", "t", argument, null, "k"));
                    if (argument % 10 != 0) {
                        state = state(call(other, "ada", "t", argument, state, "k"));
                        call(guarded, "ada", "t", argument, state, "k");
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(limiter.reserved()).isEqualTo(calls);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(guarded.runningCalls() + other.runningCalls()).isZero();
    }

    @Test
    void aShortKeyIsRefused() {
        assertThatThrownBy(() -> replica(new byte[31]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32 bytes");
    }
}
