package dev.interlock.policy.observe;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.audit.PolicyRef;
import dev.interlock.policy.engine.Decision;
import dev.interlock.policy.limit.Settlement;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import java.util.concurrent.TimeUnit;

/**
 * Adds each decision to the current span, as the event {@code interlock.decision}. What the semantic conventions for generative
 * AI and MCP have a name for goes by it: {@code mcp.method.name}; of calls, {@code gen_ai.operation.name} and {@code
 * gen_ai.tool.name}; and {@code error.type} of what is not made. The rest is below {@code interlock}: {@code decision}, {@code code}, {@code
 * rule}, {@code decision.id}, {@code policy.digest}, {@code decision.duration} in nanoseconds. Nothing of the arguments, the
 * session or the identity is in it.
 *
 * <p>How a call that was let through has ended is the event {@code interlock.settlement}, with {@code interlock.outcome} in the
 * words of {@link Settlement#text}, {@code interlock.call.duration} in nanoseconds, the same {@code interlock.decision.id},
 * and, unless it ended with {@code success}, the outcome as {@code error.type}: {@code tool_error}, as the conventions have it.
 *
 * <p>An event, and not attributes of the span: a span of the host's may stand for several calls. A decision that a remote
 * limiter or a person delays, and the end of a call, may come on a thread that has no current span; then nothing is added. Thread-safe.
 *
 * <p>The conventions are still in development, in OpenTelemetry's repository {@code semantic-conventions-genai}; the names are
 * those of its state in November 2026.
 */
public final class OpenTelemetryEvents implements AuditSink {

    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("mcp.method.name");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("gen_ai.operation.name");
    private static final AttributeKey<String> TOOL = AttributeKey.stringKey("gen_ai.tool.name");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> DECISION = AttributeKey.stringKey("interlock.decision");
    private static final AttributeKey<String> CODE = AttributeKey.stringKey("interlock.code");
    private static final AttributeKey<String> RULE = AttributeKey.stringKey("interlock.rule");
    private static final AttributeKey<String> ID = AttributeKey.stringKey("interlock.decision.id");
    private static final AttributeKey<String> POLICY = AttributeKey.stringKey("interlock.policy.digest");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("interlock.outcome");
    private static final AttributeKey<Long> CALL_TOOK = AttributeKey.longKey("interlock.call.duration");
    private static final AttributeKey<Long> TOOK = AttributeKey.longKey("interlock.decision.duration");

    /** An observer that finds the current span by itself. */
    public OpenTelemetryEvents() {}

    @Override
    public void record(AuditEvent event) {
        Span span = Span.current();
        if (!span.isRecording()) {
            return;
        }
        if (event instanceof Decided decided) {
            add(span, "interlock.decision", of(decided), event);
        } else if (event instanceof MethodDecided decided) {
            add(span, "interlock.decision", of(decided), event);
        } else if (event instanceof Settled settled) {
            add(span, "interlock.settlement", of(settled), event);
        }
    }

    private static void add(Span span, String name, Attributes attributes, AuditEvent event) {
        span.addEvent(name, attributes, event.time().toEpochMilli(), TimeUnit.MILLISECONDS);
    }

    private static Attributes of(Settled settled) {
        AttributesBuilder attributes = Attributes.builder()
                .put(METHOD, "tools/call")
                .put(OPERATION, "execute_tool")
                .put(TOOL, settled.call().tool())
                .put(OUTCOME, settled.outcome().text())
                .put(ID, settled.id())
                .put(CALL_TOOK, settled.took().toNanos());
        if (settled.outcome() != Settlement.SUCCEEDED) {
            attributes.put(ERROR, settled.outcome().text());
        }
        return attributes.build();
    }

    private static Attributes of(Decided decided) {
        AttributesBuilder attributes = Attributes.builder()
                .put(METHOD, "tools/call")
                .put(OPERATION, "execute_tool")
                .put(TOOL, decided.call().tool())
                .put(TOOK, decided.took().toNanos());
        put(attributes, decided.id(), decided.policy(), decided.decision(), decided.outcome());
        return attributes.build();
    }

    private static Attributes of(MethodDecided decided) {
        AttributesBuilder attributes =
                Attributes.builder().put(METHOD, decided.request().method());
        put(attributes, decided.id(), decided.policy(), decided.decision(), decided.outcome());
        return attributes.build();
    }

    private static void put(
            AttributesBuilder attributes, String id, PolicyRef policy, Decision decision, Outcome outcome) {
        attributes
                .put(DECISION, outcome.text())
                .put(CODE, decision.code().text())
                .put(ID, id)
                .put(POLICY, policy.digest());
        if (decision.rule() != null) {
            attributes.put(RULE, decision.rule().name());
        }
        if (!decision.allowed()) {
            attributes.put(ERROR, "interlock." + decision.code().text());
        }
    }
}
