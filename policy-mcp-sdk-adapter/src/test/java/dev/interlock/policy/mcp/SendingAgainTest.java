package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What the guard tells a transport that wants to send a call again because its server has refused to read it. */
class SendingAgainTest {

    private static final Map<String, Object> META = Map.of("io.modelcontextprotocol/protocolVersion", "2026-07-28");

    private final ScriptedTransport wire = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();

    /** How the server describes its tool. */
    private Map<String, Object> hints = Map.of("readOnlyHint", true);

    private PolicyEngine engine(Policy policy) {
        return PolicyEngine.builder(policy).rateLimiter(limiter).build();
    }

    private EnforcingClientTransport guarding(PolicyEngine engine) {
        wire.onSend(message -> message instanceof JSONRPCRequest request
                        && request.method().equals("tools/list")
                ? wire.receiving(JSONRPCResponse.result(
                        request.id(), Map.of("tools", List.of(Map.of("name", "get_notes", "annotations", hints)))))
                : Mono.empty());
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine);
        transport.connect(wire::show).block();
        return transport;
    }

    /** Makes a call, and returns it as the transport was given it. */
    private JSONRPCRequest called(EnforcingClientTransport transport) {
        transport
                .sendMessage(new JSONRPCRequest("tools/call", 1, Map.of("name", "get_notes", "_meta", META)))
                .block();
        return wire.sentRequest(wire.sent.size() - 1);
    }

    private List<String> methods() {
        return wire.sent.stream()
                .map(message -> ((JSONRPCRequest) message).method())
                .toList();
    }

    @Test
    void aCallThatIsStillAllowedMayBeSentUnderItsAdmission() {
        EnforcingClientTransport transport = guarding(
                engine(new Policies().tool("get_notes", Policies.limit(1)).policy()));
        JSONRPCRequest call = called(transport);

        assertThat(transport.maySendAgain(call).block()).isTrue();

        assertThat(methods()).containsExactly("tools/call", "tools/list");
        assertThat(wire.sentRequest(1).params()).isEqualTo(Map.of("_meta", META));
        assertThat(limiter.reserved()).as("charged once").isOne();
        wire.respond(1, Map.of("content", List.of()));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void aCallThatIsDeniedByWhatIsKnownOfItsToolNowMayNot() {
        EnforcingClientTransport transport = guarding(
                engine(new Policies().risk("high+", Policies.denied("no")).policy()));
        JSONRPCRequest call = called(transport);
        assertThat(methods()).containsExactly("tools/list", "tools/call");

        hints = Map.of("destructiveHint", true);

        assertThat(transport.maySendAgain(call).block()).isFalse();
    }

    @Test
    void aCallThatThePolicyInForceDeniesMayNot() {
        PolicyEngine engine = engine(Policies.allowingAll());
        EnforcingClientTransport transport = guarding(engine);
        JSONRPCRequest call = called(transport);

        engine.update(new Policies()
                .tool("get_notes", Policies.denied("not any more"))
                .policy());

        assertThat(transport.maySendAgain(call).block()).isFalse();
    }

    @Test
    void aCallMayNotIfTheToolsCannotBeListed() {
        EnforcingClientTransport forbidden = guarding(
                engine(new Policies().method("tools/list", Posture.DENY).policy()));
        JSONRPCRequest call = called(forbidden);
        assertThat(forbidden.maySendAgain(call).block()).isFalse();
        assertThat(methods()).containsExactly("tools/call");

        EnforcingClientTransport failing = guarding(engine(Policies.allowingAll()));
        JSONRPCRequest another = called(failing);
        wire.onSend(message -> Mono.error(new IllegalStateException("gone")));
        assertThat(failing.maySendAgain(another).block()).isFalse();
    }

    @Test
    void whatIsNoCallThatAwaitsItsAnswerMayNot() {
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine(Policies.allowingAll()));
        assertThat(transport
                        .maySendAgain(new JSONRPCRequest("tools/call", 1, Map.of("name", "get_notes")))
                        .block())
                .as("before connect")
                .isFalse();

        EnforcingClientTransport connected = guarding(engine(Policies.allowingAll()));
        JSONRPCRequest call = called(connected);
        wire.respond(1, Map.of("content", List.of()));

        assertThat(connected.maySendAgain(call).block()).isFalse();
        assertThat(methods()).containsExactly("tools/call");
    }
}
