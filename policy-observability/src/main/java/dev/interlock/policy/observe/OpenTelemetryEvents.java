package dev.interlock.policy.observe;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Marked;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.audit.AuditEvent.ResultJudged;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Adds each decision to the current span, as the event {@code interlock.decision}. Attributes have their names from the
 * semantic conventions for generative AI and MCP where those define one: {@code mcp.method.name}; for calls, {@code
 * gen_ai.operation.name} and {@code gen_ai.tool.name}; and {@code error.type} for a call that isn't made. The others
 * begin with {@code interlock}: {@code decision}, {@code code}, {@code rule}, {@code decision.id}, {@code
 * policy.digest}, {@code decision.duration} in nanoseconds. The event contains nothing of the arguments, the session or
 * the identity.
 *
 * <p>The end of a call that was let through is the event {@code interlock.settlement}, with {@code interlock.outcome}
 * in the words of {@link CallOutcome#text}, {@code interlock.call.duration} in nanoseconds and the same {@code
 * interlock.decision.id}. Unless the call ended with {@code success}, it has the outcome as {@code error.type}: {@code
 * tool_error}, as in the conventions.
 *
 * <p>What a call has changed of its session's marks is the event {@code interlock.marks}, with the names of those that
 * were set ({@code interlock.marked}) and cleared ({@code interlock.cleared}), and never a value.
 *
 * <p>These are events, and not attributes of the span, because a span of the host may stand for several calls. A
 * decision that a remote limiter or a person delays, and the end of a call, may come on a thread without a current
 * span; then nothing is added. Thread-safe.
 *
 * <p>The conventions are still in development, in OpenTelemetry's repository {@code semantic-conventions-genai}; the
 * names are those of November 2026.
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
    private static final AttributeKey<String> RESULT = AttributeKey.stringKey("interlock.result");
    private static final AttributeKey<List<String>> MARKED = AttributeKey.stringArrayKey("interlock.marked");
    private static final AttributeKey<List<String>> CLEARED = AttributeKey.stringArrayKey("interlock.cleared");
    private static final AttributeKey<Long> REDACTIONS = AttributeKey.longKey("interlock.redactions");
    private static final AttributeKey<Long> CALL_TOOK = AttributeKey.longKey("interlock.call.duration");
    private static final AttributeKey<Long> ROUND = AttributeKey.longKey("interlock.call.round");
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
        } else if (event instanceof Marked marked) {
            add(span, "interlock.marks", of(marked), event);
        } else if (event instanceof ResultJudged judged) {
            add(span, "interlock.result", of(judged), event);
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
        if (settled.outcome() != CallOutcome.SUCCEEDED) {
            attributes.put(ERROR, settled.outcome().text());
        }
        return attributes.build();
    }

    private static Attributes of(Marked marked) {
        return Attributes.builder()
                .put(METHOD, "tools/call")
                .put(OPERATION, "execute_tool")
                .put(TOOL, marked.call().tool())
                .put(MARKED, marked.set().stream().map(AuditEvent.SetMark::name).toList())
                .put(CLEARED, marked.cleared())
                .put(ID, marked.id())
                .build();
    }

    private static Attributes of(ResultJudged judged) {
        AttributesBuilder attributes = Attributes.builder()
                .put(METHOD, "tools/call")
                .put(OPERATION, "execute_tool")
                .put(TOOL, judged.call().tool())
                .put(RESULT, judged.report().fate().text())
                .put(ID, judged.id());
        if (judged.report().redactions() > 0) {
            attributes.put(REDACTIONS, judged.report().redactions());
        }
        if (judged.decision().verdict() != Decision.Verdict.ALLOWED) {
            attributes.put(CODE, judged.decision().code().text());
            if (judged.decision().rule() != null) {
                attributes.put(RULE, judged.decision().rule().name());
            }
        }
        return attributes.build();
    }

    private static Attributes of(Decided decided) {
        AttributesBuilder attributes = Attributes.builder()
                .put(METHOD, "tools/call")
                .put(OPERATION, "execute_tool")
                .put(TOOL, decided.call().tool())
                .put(TOOK, decided.took().toNanos());
        if (decided.round() > 0) {
            attributes.put(ROUND, decided.round());
        }
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
