package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The guard of the modern API's servers on threads of Reactor's that must not block. */
class ModernBlockingCallsTest {

    private static final Map<String, Object> YES = Map.of("action", "accept", "content", Map.of("decision", "approve"));

    private final RecordingLimiter limiter = new RecordingLimiter();

    @BeforeAll
    static void install() {
        BlockingCallsTest.install();
    }

    @AfterEach
    void nothingHasBlocked() {
        assertThat(BlockingCallsTest.BLOCKED).isEmpty();
    }

    /** Asks for input once. */
    private static final class Server implements McpRequestManager {

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
            boolean asks = !((Map<?, ?>) request.params()).containsKey("requestState");
            Map<String, Object> result = asks
                    ? Map.of(
                            "resultType",
                            "input_required",
                            "requestState",
                            "inner",
                            "inputRequests",
                            Map.of("k", Map.of("method", "elicitation/create", "params", Map.of())))
                    : Map.of("resultType", "complete", "content", List.of());
            return Mono.just(McpTransportResponse.result(JSONRPCResponse.result(request.id(), result)));
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
            return Mono.error(new IllegalStateException("not asked for"));
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
            return Mono.empty();
        }
    }

    private static Mono<Map<?, ?>> call(EnforcingRequestManager guarded, Map<?, ?> asked, Map<String, Object> answers) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "t");
        params.put("arguments", Map.of("a", 1));
        params.put("_meta", Map.of("io.modelcontextprotocol/clientCapabilities", Map.of("elicitation", Map.of())));
        if (!answers.isEmpty()) {
            params.put("requestState", asked.get("requestState"));
            params.put("inputResponses", answers);
        }
        return guarded.handle(McpTransportContext.EMPTY, new JSONRPCRequest("tools/call", 1L, params))
                .map(answer -> (Map<?, ?>)
                        ((McpTransportResponse.Result) answer).response().result());
    }

    @Test
    void aCallThatAPersonAgreesToAndThatGoesOnBlocksNothingThoughTheLimiterIsFarAway() {
        limiter.answering(() -> CompletableFuture.supplyAsync(
                limiter::grant, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS)));
        PolicyEngine engine = PolicyEngine.builder(new Policies()
                        .tool("t", Policies.limit(100), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .build();

        EnforcingRequestManager guarded = EnforcingRequestManager.builder(new Server(), engine)
                .elicitApprovals()
                .build();

        List<Map<?, ?>> results = BlockingCallsTest.onANonBlockingThread(Flux.range(1, 50)
                .concatMap(i -> call(guarded, Map.of(), Map.of())
                        .flatMap(ours -> call(guarded, ours, Map.of("dev.interlock/approval", YES)))
                        .flatMap(theirs -> call(guarded, theirs, Map.of("k", YES))))
                .collectList());

        assertThat(results).hasSize(50).allMatch(result -> "complete".equals(result.get("resultType")));
        assertThat(results.toString()).doesNotContain("DENIED");
        assertThat(limiter.redeemed()).isEqualTo(100);
        assertThat(limiter.settledEachOnce()).isTrue();
    }
}
