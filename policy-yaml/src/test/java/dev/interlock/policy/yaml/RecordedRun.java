package dev.interlock.policy.yaml;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A recorded case: a policy, and calls in order, each with the decision it must come to. */
final class RecordedRun {

    private final JsonNode vector;
    private final RecordedClock clock = new RecordedClock();
    private final Queue<UnderWay> underWay =
            new PriorityQueue<>(Comparator.comparingLong(UnderWay::ends).thenComparingInt(UnderWay::position));

    RecordedRun(JsonNode vector) {
        this.vector = vector;
    }

    /** Makes every call; answers with the first step that went wrong, or null if none did. */
    @Nullable
    String play() {
        ReadResult reading = PolicyYaml.read(vector.get("policy").asString(), "policy.yaml");
        if (!reading.isValid()) {
            return describe(-1, "a valid policy", reading.diagnostics().toString());
        }
        PolicyEngine engine = engine(reading.orThrow());
        JsonNode steps = vector.get("steps");
        for (int i = 0; i < steps.size(); i++) {
            JsonNode step = steps.get(i);
            JsonNode expected = vector.get("expected").get(i);
            long now = step.get("t").asLong();
            endUntil(now);
            clock.millis = now;
            Decision foreseen = engine.decide(call(step));
            Admission admission = engine.admit(call(step));
            Decision decision = admission.decision();
            if (!agrees(decision, expected)) {
                return describe(i, expected.toString(), decision.toString());
            }
            if (!foresees(foreseen, decision)) {
                return describe(i, "decide to foresee " + decision, foreseen.toString());
            }
            if (step.has("ends")) {
                underWay.add(new UnderWay(step.get("ends").asLong(), i, admission, step));
            } else {
                end(admission, text(step, "outcome"));
            }
        }
        endUntil(Long.MAX_VALUE);
        return null;
    }

    /** Ends the calls whose end has come, each at its own time. */
    private void endUntil(long now) {
        while (!underWay.isEmpty() && underWay.element().ends() <= now) {
            UnderWay call = underWay.remove();
            clock.millis = call.ends();
            end(call.admission(), text(call.step(), "outcome"));
        }
    }

    private static void end(Admission admission, @Nullable String outcome) {
        switch (outcome == null ? "" : outcome) {
            case "" -> admission.succeeded();
            case "tool_error" -> admission.toolError();
            case "error" -> admission.failed();
            case "unsent" -> admission.unsent();
            case "unknown" -> admission.unknown();
            default -> throw new IllegalArgumentException("no outcome: " + outcome);
        }
    }

    /** A call that was let through and ends later. */
    private record UnderWay(long ends, int position, Admission admission, JsonNode step) {}

    private PolicyEngine engine(Policy policy) {
        PolicyEngine engine = PolicyEngine.builder(policy)
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .build();
        List<ToolDefinition> tools = new ArrayList<>();
        for (JsonNode tool : vector.path("tools")) {
            ObjectValue schema = (ObjectValue) Value.freeze(plain(tool.get("inputSchema")));
            tools.add(ToolDefinition.named(tool.get("name").asString()).withInputSchema(schema));
        }
        engine.tools().learn(null, tools);
        return engine;
    }

    private static ToolCall call(JsonNode step) {
        @SuppressWarnings("unchecked")
        Map<String, Object> arguments = (Map<String, Object>) plain(step.get("args"));
        return ToolCall.of(step.get("tool").asString(), arguments)
                .by(text(step, "identity"))
                .in(text(step, "session"))
                .on(text(step, "server"))
                .with(step.has("ctx") ? (ObjectValue) Value.freeze(plain(step.get("ctx"))) : ObjectValue.EMPTY);
    }

    /** Deciding tells that a person must be asked; admitting, that there is no one to ask. */
    private static boolean foresees(Decision foreseen, Decision decision) {
        if (foreseen.verdict() != Decision.Verdict.NEEDS_APPROVAL || foreseen.audited()) {
            return foreseen.equals(decision);
        }
        return decision.verdict() == Decision.Verdict.DENIED
                && decision.code() == foreseen.code()
                && Objects.equals(decision.rule(), foreseen.rule());
    }

    private static boolean agrees(Decision decision, JsonNode expected) {
        if (decision.allowed() != expected.get("allowed").asBoolean()) {
            return false;
        }
        String rule = text(expected, "rule");
        String message = text(expected, "message");
        String code = text(expected, "code");
        return (code == null || decision.code().name().toLowerCase(Locale.ROOT).equals(code))
                && (rule == null
                        || (decision.rule() != null && decision.rule().name().equals(rule)))
                && (message == null || decision.message().equals(message));
    }

    private String describe(int step, String expected, String got) {
        return vector.get("id").asString() + "\n" + vector.get("policy").asString() + "\nstep " + step + ": "
                + (step < 0 ? "" : vector.get("steps").get(step)) + "\nexpected: " + expected + "\ngot: " + got + "\n";
    }

    private static @Nullable String text(JsonNode node, String name) {
        JsonNode member = node.get(name);
        return member == null || member.isNull() ? null : member.asString();
    }

    /** A node as plain Java, every number exactly as it is written. */
    private static @Nullable Object plain(JsonNode node) {
        if (node.isObject()) {
            Map<String, @Nullable Object> members = new LinkedHashMap<>();
            node.properties().forEach(member -> members.put(member.getKey(), plain(member.getValue())));
            return members;
        }
        if (node.isArray()) {
            List<@Nullable Object> items = new ArrayList<>();
            node.forEach(item -> items.add(plain(item)));
            return items;
        }
        if (node.isNumber()) {
            return node.isIntegralNumber()
                    ? node.bigIntegerValue()
                    : new BigDecimal(node.decimalValue().toString());
        }
        if (node.isBoolean()) {
            return node.asBoolean();
        }
        return node.isNull() ? null : node.asString();
    }

    /** Both clocks show the recorded time. */
    private static final class RecordedClock implements TimeSource {
        private long millis;

        @Override
        public long wallMillis() {
            return millis;
        }

        @Override
        public long monotonicNanos() {
            return millis * 1_000_000;
        }
    }
}
