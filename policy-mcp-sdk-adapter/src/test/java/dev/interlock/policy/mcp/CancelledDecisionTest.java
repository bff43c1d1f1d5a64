package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Reservation;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** A caller that gives up at the very moment at which its call is decided. */
class CancelledDecisionTest {

    private static final int CALLS = 10_000;

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final EnforcingClientTransport transport = EnforcingClientTransport.wrap(
            wire,
            PolicyEngine.builder(new Policies().tool("t", Policies.limit(CALLS)).policy())
                    .rateLimiter(limiter)
                    .build());

    @Test
    void leavesNothingReserved() throws Exception {
        transport.connect(wire::show).block();
        ExecutorService caller = Executors.newSingleThreadExecutor();
        CyclicBarrier moment = new CyclicBarrier(2);
        try {
            for (int i = 0; i < CALLS; i++) {
                CompletableFuture<Reservation> reservation = new CompletableFuture<>();
                limiter.answering(() -> reservation);
                Disposable call = transport
                        .sendMessage(new JSONRPCRequest("tools/call", i, Map.of("name", "t")))
                        .subscribe();
                Reservation granted = limiter.grant();
                Future<?> givingUp = caller.submit(() -> {
                    moment.await();
                    call.dispose();
                    return null;
                });
                moment.await();
                reservation.complete(granted);
                givingUp.get();
                if (i % 100 == 0) {
                    settleWhatWasSent();
                }
            }
        } finally {
            caller.shutdownNow();
        }
        settleWhatWasSent();
        assertThat(limiter.reserved()).isEqualTo(CALLS);
        assertThat(transport.callsBeingDecided()).isZero();
    }

    /** Those calls were handed over before their caller gave up. */
    private void settleWhatWasSent() {
        for (int i = wire.sent.size() - 1; i >= 0; i--) {
            wire.respond(((JSONRPCRequest) wire.sent.remove(i)).id(), Map.of("content", List.of()));
        }
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(transport.pendingRequests()).isZero();
    }
}
