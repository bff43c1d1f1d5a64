package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.cli.io.Millis;
import java.io.OutputStream;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/** Writes decisions as JSON Lines. */
final class DecisionLog implements DecisionSink {

    private final JsonGenerator json;
    private boolean any;

    DecisionLog(OutputStream out) {
        this.json = JsonFactory.builder()
                .rootValueSeparator("\n")
                .disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM)
                .build()
                .createGenerator(ObjectWriteContext.empty(), out);
    }

    @Override
    public void write(Where where, Decision decision, boolean passes, @Nullable Decision other, boolean otherPasses) {
        any = true;
        json.writeStartObject();
        if (where.file() != null) {
            json.writeStringProperty("file", where.file());
        }
        json.writeNumberProperty("line", where.line());
        if (where.id() != null) {
            json.writeStringProperty("case", where.id());
        }
        if (where.step() >= 0) {
            json.writeNumberProperty("step", where.step());
        }
        json.writeStringProperty("tool", where.tool());
        members(decision, passes);
        if (other != null) {
            json.writeObjectPropertyStart("against");
            members(other, otherPasses);
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void members(Decision decision, boolean passes) {
        json.writeBooleanProperty("allowed", passes);
        json.writeStringProperty("code", code(decision));
        RuleRef rule = decision.rule();
        json.writeName("rule");
        if (rule == null) {
            json.writeNull();
        } else {
            json.writeString(rule.name());
        }
        json.writeName("message");
        if (decision.message().isEmpty()) {
            json.writeNull();
        } else {
            json.writeString(decision.message());
        }
        Duration wait = decision.retryAfter();
        if (wait != null) {
            json.writeNumberProperty("retryAfterMs", Millis.up(wait));
        }
        if (decision.verdict() == Decision.Verdict.NEEDS_APPROVAL) {
            json.writeBooleanProperty("needsApproval", true);
        }
        if (decision.audited()) {
            json.writeBooleanProperty("audited", true);
        }
    }

    private static final Map<Decision.Code, String> CODES = new EnumMap<>(Decision.Code.class);

    static {
        for (Decision.Code code : Decision.Code.values()) {
            CODES.put(code, code.text());
        }
    }

    private static String code(Decision decision) {
        return CODES.getOrDefault(decision.code(), "");
    }

    @Override
    public void close() {
        if (any) {
            json.writeRaw('\n');
        }
        json.close();
    }
}
