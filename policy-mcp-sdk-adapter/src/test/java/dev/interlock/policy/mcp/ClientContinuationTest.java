package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls that their server asks to be made again, over a client's transport. */
class ClientContinuationTest {

    private static final Policy POLICY =
            new Policies().tool("ask", Policies.limit(100_000)).policy();

    private final ManualTime time = new ManualTime();
    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final PolicyEngine engine =
            PolicyEngine.builder(POLICY).rateLimiter(limiter).build();
    private final EnforcingClientTransport transport = EnforcingClientTransport.builder(wire, engine)
            .timeSource(time)
            .alarm(time)
            .build();

    ClientContinuationTest() {
        transport.connect(wire::show).block();
    }

    private void call(String id, Object argument, @Nullable String state, String... answered) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "ask");
        params.put("arguments", Map.of("n", argument));
        params.put("_meta", Map.of("progressToken", id));
        if (state != null) {
            params.put("requestState", state);
        }
        if (answered.length > 0) {
            Map<String, Object> responses = new LinkedHashMap<>();
            List.of(answered).forEach(key -> responses.put(key, Map.of("action", "accept")));
            params.put("inputResponses", responses);
        }
        transport.sendMessage(new JSONRPCRequest("tools/call", id, params)).block();
    }

    private void ask(String id, @Nullable String state, String... inputs) {
        Map<String, Object> requests = new LinkedHashMap<>();
        List.of(inputs).forEach(key -> requests.put(key, Map.of("method", "elicitation/create", "params", Map.of())));
        Map<String, Object> result = new LinkedHashMap<>(Map.of("resultType", "input_required"));
        result.put("inputRequests", requests);
        if (state != null) {
            result.put("requestState", state);
        }
        wire.respond(id, result);
    }

    private void assertNothingIsLeft() {
        assertThat(transport.continuations()).isZero();
        assertThat(transport.pendingRequests()).isZero();
        assertThat(transport.callsBeingDecided()).isZero();
    }

    @Test
    void severalRoundsAreOneCall() {
        call("1", 1, null);
        ask("1", "s1", "name");
        call("2", 1, "s1", "name");
        ask("2", "s2", "age");
        call("3", 1, "s2", "age");
        wire.respond("3", Map.of("resultType", "complete", "content", List.of()));

        assertThat(wire.sent).hasSize(3);
        assertThat(limiter.reserved()).isEqualTo(1);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        assertNothingIsLeft();
    }

    @Test
    void aServerWithoutStateIsToldApartByWhatItAsked() {
        call("1", 1, null);
        ask("1", null, "name");
        call("2", 1, null);
        call("3", 1, null, "age");
        call("4", 1, null, "name");

        assertThat(limiter.reserved())
                .as("the plain call and the other answer are new")
                .isEqualTo(3);
    }

    @Test
    void aStateIsOfUseOnceAndForItsOwnCallOnly() {
        call("1", 1, null);
        ask("1", "s", "name");
        call("other", 2, "s", "name");
        call("more", 1, "s", "name", "age");
        call("forged", 1, "t", "name");
        assertThat(limiter.reserved()).isEqualTo(4);
        call("2", 1, "s", "name");
        assertThat(limiter.reserved()).isEqualTo(4);
        call("again", 1, "s", "name");
        assertThat(limiter.reserved()).isEqualTo(5);
    }

    @Test
    void anErrorInALaterRoundIsAFailure() {
        call("1", 1, null);
        ask("1", "s", "name");
        call("2", 1, "s", "name");
        wire.receive(JSONRPCResponse.error("2", new JSONRPCError(-32603, "no", null)));

        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void aPolicyThatDeniesByNowEndsTheCall() {
        call("1", 1, null);
        ask("1", "s", "name");
        engine.update(new Policies().hiding("ask").policy());
        call("2", 1, "s", "name");

        assertThat(wire.sent).hasSize(1);
        assertThat(wire.shownResponse(1).result().toString()).contains("[POLICY DENIED] ", "resultType=complete");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertNothingIsLeft();
    }

    @Test
    void anEmbeddedRequestThatIsDeniedEndsTheCallInAnyRound() {
        call("1", 1, null);
        ask("1", "s", "name");
        engine.update(new Policies()
                .tool("ask", Policies.limit(100_000))
                .method("elicitation/create", Posture.DENY)
                .policy());
        call("2", 1, "s", "name");
        ask("2", "s2", "name");

        assertThat(wire.shownResponse(1).result().toString()).contains("code=method");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertNothingIsLeft();
    }

    @Test
    void aServerThatMayNotAskEndsTheCall() {
        engine.update(new Policies().rounds("ask", 0, Policies.limit(100_000)).policy());
        call("1", 1, null);
        ask("1", "s", "name");

        assertThat(wire.shownResponse(0).result().toString())
                .contains("[POLICY DENIED] ", "code=rounds", "resultType=complete")
                .doesNotContain("inputRequests");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertNothingIsLeft();
    }

    @Test
    void aCallThatWasMadeAgainOftenEnoughIsANewCall() {
        engine.update(new Policies().rounds("ask", 1, Policies.limit(100_000)).policy());
        call("1", 1, null);
        ask("1", "s1");
        call("2", 1, "s1");
        ask("2", "s2");
        assertThat(limiter.reserved()).isEqualTo(1);
        call("3", 1, "s2");

        assertThat(wire.sent).hasSize(3);
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void closingSettlesWhatWaits() {
        call("1", 1, null);
        ask("1", "s", "name");
        transport.close();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertNothingIsLeft();
    }

    @Test
    void tenThousandCallsOfSeveralRoundsAreEachChargedAndSettledOnce() {
        int calls = 10_000;
        Random random = new Random(5);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            order.add(i);
            call("a" + i, i % 100, null);
        }
        Collections.shuffle(order, random);
        order.forEach(i -> ask("a" + i, "s" + i, "x"));
        assertThat(transport.continuations()).isEqualTo(calls);
        Collections.shuffle(order, random);
        for (int i : order) {
            switch (i % 5) {
                case 0 -> {
                    // Never made again.
                }
                case 1 -> {
                    call("b" + i, i % 100, "s" + i);
                    cancel("b" + i);
                }
                case 2 -> {
                    call("b" + i, i % 100, "s" + i, "x");
                    ask("b" + i, "t" + i);
                    call("c" + i, i % 100, "t" + i);
                    wire.respond("c" + i, Map.of("content", List.of()));
                }
                default -> {
                    call("b" + i, i % 100, "s" + i, "x");
                    wire.respond("b" + i, Map.of("content", List.of()));
                }
            }
        }
        time.advance(Duration.ofMinutes(10));

        assertThat(limiter.reserved()).isEqualTo(calls);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(limiter.settlements().stream().filter(CallOutcome.SUCCEEDED::equals))
                .hasSize(calls / 5 * 3);
        assertNothingIsLeft();
    }

    private void cancel(String id) {
        transport
                .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", id)))
                .block();
    }
}
