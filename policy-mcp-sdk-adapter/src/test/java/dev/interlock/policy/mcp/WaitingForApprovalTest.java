package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportSessionClosedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Calls that wait for a person while their client goes on, gives up, or goes away. */
class WaitingForApprovalTest {

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final ManualTime time = new ManualTime();
    private final List<ApprovalRequest> questions = new ArrayList<>();
    private final List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
    private final List<Runnable> alarms = new ArrayList<>();

    private EnforcingClientTransport transport() {
        Alarm alarm = (delay, task) -> {
            alarms.add(task);
            return () -> alarms.remove(task);
        };
        PolicyEngine engine = PolicyEngine.builder(new Policies()
                        .tool("pay", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .time(time)
                .alarm(alarm)
                .approvals(request -> {
                    questions.add(request);
                    CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                    answers.add(answer);
                    return answer;
                })
                .build();
        EnforcingClientTransport transport = EnforcingClientTransport.builder(wire, engine)
                .timeSource(time)
                .approvalWait(Duration.ofSeconds(50))
                .build();
        transport.connect(wire::show).block();
        return transport;
    }

    private static JSONRPCRequest call(Object id, @Nullable Map<String, Object> arguments) {
        return new JSONRPCRequest("tools/call", id, new CallToolRequest("pay", arguments, null));
    }

    private static JSONRPCNotification cancelled(Object id) {
        return new JSONRPCNotification("notifications/cancelled", Map.of("requestId", id));
    }

    private void yes(int question) {
        answers.get(question).complete(ApprovalAnswer.approved("Ada"));
    }

    private static String text(JSONRPCResponse response) {
        return response.result().toString();
    }

    @Test
    void aYesSendsTheCallThatWaited() {
        transport().sendMessage(call("1", Map.of("amount", 5))).subscribe();
        assertThat(wire.sent).isEmpty();
        assertThat(questions.get(0).patience()).isEqualTo(Duration.ofSeconds(50));

        yes(0);

        assertThat(((CallToolRequest) wire.sentRequest(0).params()).arguments()).isEqualTo(Map.of("amount", 5));
    }

    private static JSONRPCRequest raw(Object id, Map<String, Object> others) {
        Map<String, Object> params = new HashMap<>(others);
        params.put("name", "pay");
        params.put("arguments", Map.of("amount", 5));
        return new JSONRPCRequest("tools/call", id, params);
    }

    @Test
    void aTicketIsGoodForTheSameRequestWhateverItsEnvelopeAndForNoOtherParameters() {
        ApprovalTickets tickets = ApprovalTickets.create();
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().tool("pay", Policies.ask()).policy())
                .approvals(tickets)
                .build();
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine);
        transport.connect(wire::show).block();
        Map<String, Object> said = Map.of("_meta", Map.of("progressToken", 1, "x", 1));
        transport.sendMessage(raw("1", said)).block();
        assertThat(tickets.list().get(0).request().parameters().toJava()).isEqualTo(Map.of("_meta", Map.of("x", 1)));
        tickets.approve(tickets.list().get(0).id(), "Ada");

        transport.sendMessage(raw("2", Map.of())).block();
        transport.sendMessage(raw("3", Map.of("_meta", Map.of("x", 2)))).block();
        transport
                .sendMessage(raw("4", Map.of("_meta", Map.of("x", 1), "task", Map.of("ttl", 1))))
                .block();
        transport
                .sendMessage(raw("5", Map.of("_meta", Map.of("x", 1), "inputResponses", Map.of("a", Map.of()))))
                .block();
        assertThat(wire.sent).isEmpty();
        assertThat(tickets.list()).hasSize(5);

        Map<String, Object> meta = new HashMap<>(Map.of("progressToken", 2, "traceparent", "00-1", "x", 1));
        transport.sendMessage(raw("6", Map.of("_meta", meta))).block();
        assertThat(wire.sent).hasSize(1);
        assertThat(((Map<?, ?>) wire.sentRequest(0).params()).get("_meta"))
                .isEqualTo(Map.of("progressToken", 2, "traceparent", "00-1", "x", 1));
    }

    @Test
    void otherParametersAreSentAsTheyWereApprovedThoughTheCallersMapHasChangedSince() {
        Map<String, Object> task = new HashMap<>(Map.of("ttl", 1));
        transport().sendMessage(raw("1", Map.of("task", task))).subscribe();
        assertThat(questions.get(0).parameters().toJava()).isEqualTo(Map.of("task", Map.of("ttl", 1)));

        task.put("ttl", 1_000_000);
        yes(0);

        assertThat(((Map<?, ?>) wire.sentRequest(0).params()).get("task")).isEqualTo(Map.of("ttl", 1));
    }

    @Test
    void anErrorOfTheResolverOrTheSinkDeniesAndIsAnswered() {
        for (Error error : List.of(
                new AssertionError("secret"), new NoClassDefFoundError("secret"), new StackOverflowError("secret"))) {
            for (boolean resolving : List.of(true, false)) {
                wire.shown.clear();
                PolicyEngine engine = PolicyEngine.builder(
                                new Policies().tool("pay", Policies.limit(10)).policy())
                        .rateLimiter(limiter)
                        .audit(event -> {
                            if (!resolving) {
                                throw error;
                            }
                        })
                        .build();
                EnforcingClientTransport transport = EnforcingClientTransport.builder(wire, engine)
                        .callContext((context, reactor) -> {
                            if (resolving) {
                                throw error;
                            }
                            return CallContext.EMPTY;
                        })
                        .build();
                transport.connect(wire::show).block();

                transport.sendMessage(call("1", Map.of())).block();

                assertThat(text(wire.shownResponse(0)))
                        .contains("[POLICY DENIED] ")
                        .doesNotContain("secret");
            }
        }
        assertThat(wire.sent).isEmpty();
        assertThat(limiter.settlements()).containsOnly(CallOutcome.UNSENT);
    }

    @Test
    void aNoIsToldInAToolResult() {
        transport().sendMessage(call("1", Map.of())).subscribe();

        answers.get(0).complete(ApprovalAnswer.refused("Ada", "too late in the day"));

        assertThat(wire.sent).isEmpty();
        assertThat(text(wire.shownResponse(0))).contains("[POLICY DENIED] ").contains("too late in the day");
        assertThat(limiter.settlements()).containsOnly(CallOutcome.UNSENT);
    }

    @Test
    void aYesAfterTheDeadlineSendsNothing() {
        transport().sendMessage(call("1", Map.of())).subscribe();

        time.advance(Duration.ofSeconds(50));
        yes(0);

        assertThat(wire.sent).isEmpty();
        assertThat(text(wire.shownResponse(0))).contains("No one answered within 50 s.");
        assertThat(limiter.settlements()).containsOnly(CallOutcome.UNSENT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCancelledCallIsNotSentWhateverTheAnswerAndGetsNone(boolean yes) {
        EnforcingClientTransport transport = transport();
        transport.sendMessage(call(7, Map.of())).subscribe();
        transport.sendMessage(call(8, Map.of())).subscribe();

        transport.sendMessage(cancelled(7L)).block();
        if (yes) {
            yes(0);
        }

        assertThat(wire.sent).hasSize(1).first().isInstanceOf(JSONRPCNotification.class);
        assertThat(wire.shown).isEmpty();
        assertThat(answers.get(0).isDone()).isTrue();
        assertThat(answers.get(1)).isNotDone();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(transport.callsBeingDecided()).isEqualTo(1);
        assertThat(alarms).hasSize(1);
    }

    @Test
    void aCancelledCallDoesNotOvertakeASlowCancellation() {
        EnforcingClientTransport transport = transport();
        transport.sendMessage(call(7, Map.of())).subscribe();
        wire.onSend(message -> Mono.never());

        transport.sendMessage(cancelled(7)).subscribe();
        yes(0);

        assertThat(wire.sent).hasSize(1).first().isInstanceOf(JSONRPCNotification.class);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
    }

    @Test
    void aClosedTransportSendsNothingAndHoldsNothing() {
        EnforcingClientTransport transport = transport();
        List<Throwable> failures = new ArrayList<>();
        transport.sendMessage(call("1", Map.of())).subscribe(nothing -> {}, failures::add);

        transport.close();

        assertThat(failures).hasSize(1).first().isInstanceOf(McpTransportSessionClosedException.class);
        assertThat(answers.get(0)).isCancelled();
        assertThat(wire.sent).isEmpty();
        assertThat(transport.callsBeingDecided()).isZero();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(alarms).isEmpty();
    }

    @Test
    void narrowerArgumentsAreSentEvenWhereThereWereNone() {
        EnforcingClientTransport transport = transport();
        transport.sendMessage(call("1", null)).subscribe();
        transport
                .sendMessage(new JSONRPCRequest("tools/call", "2", Map.of("name", "pay", "_meta", Map.of("a", 1))))
                .subscribe();

        for (CompletableFuture<ApprovalAnswer> answer : answers) {
            answer.complete(ApprovalAnswer.approved("Ada", Arguments.freeze(Map.of("amount", 1), ValueLimits.DEFAULT)));
        }

        assertThat(((CallToolRequest) wire.sentRequest(0).params()).arguments()).isEqualTo(Map.of("amount", 1));
        assertThat(wire.sentRequest(1).params())
                .isEqualTo(Map.of("name", "pay", "_meta", Map.of("a", 1), "arguments", Map.of("amount", 1)));
    }

    @Test
    void tenThousandCallsWaitAndAreAllAnswered() {
        EnforcingClientTransport transport = transport();
        for (int i = 0; i < 10_000; i++) {
            transport.sendMessage(call(i, Map.of("i", i))).subscribe();
        }
        assertThat(questions).hasSize(10_000);
        assertThat(transport.callsBeingDecided()).isEqualTo(10_000);

        for (int i = 0; i < 10_000; i += 2) {
            yes(i);
        }
        time.advance(Duration.ofSeconds(50));
        List.copyOf(alarms).forEach(Runnable::run);

        assertThat(wire.sent).hasSize(5_000);
        assertThat(wire.shown).hasSize(5_000);
        assertThat(transport.callsBeingDecided()).isZero();
        assertThat(alarms).isEmpty();
    }
}
