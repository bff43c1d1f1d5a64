package dev.interlock.policy.audit.log;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Events such as engines make. */
final class Events {

    static final Instant TIME = Instant.parse("2026-03-31T23:30:00Z");
    static final PolicyRef POLICY = new PolicyRef("ab".repeat(32), "refunds");

    private Events() {}

    static Decided allowed(int id) {
        return allowed("d" + id, ToolCall.of("pay", Map.of("amount", id)));
    }

    static Decided allowed(String id, ToolCall call) {
        return new Decided(
                TIME, id, POLICY, call, null, Decision.ALLOWED, Outcome.ALLOWED, null, Duration.ofNanos(12_345));
    }

    static Decided denied(int id) {
        Decision denied = new Decision(Verdict.DENIED, Decision.Code.DEFAULT_DENY, null, "no", null, false);
        return new Decided(
                TIME,
                "d" + id,
                POLICY,
                ToolCall.of("pay", Map.of()),
                null,
                denied,
                Outcome.DENIED,
                null,
                Duration.ofNanos(12_345));
    }

    static AuditEvent settled(int id) {
        return new AuditEvent.Settled(
                TIME, "d" + id, ToolCall.of("pay", Map.of()), CallOutcome.SUCCEEDED, Duration.ofMillis(3));
    }
}
