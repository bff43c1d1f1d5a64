package dev.interlock.policy.testing;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedCase.Expected;
import dev.interlock.policy.recorded.RecordedCase.Step;
import dev.interlock.policy.recorded.RecordedPathContract;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A recorded case, written as a file of tests. */
class TestFilePathTest extends RecordedPathContract {

    /** A file takes a blank name for a mistake. */
    @Override
    protected boolean expresses(RecordedCase recorded) {
        return recorded.steps().stream().noneMatch(step -> isBlank(step.call().identity()) || isBlank(step.session()));
    }

    private static boolean isBlank(@Nullable String text) {
        return text != null && text.isBlank();
    }

    @Override
    protected @Nullable String play(RecordedCase recorded) {
        byte[] text = file(recorded).json().getBytes(StandardCharsets.UTF_8);
        PolicyTestFile file = PolicyTestFile.read(text, recorded.id());
        if (!file.isValid()) {
            return recorded.id() + ": " + file.diagnostics();
        }
        String problems = file.run(recorded.read(), null).stream()
                .flatMap(result -> result.failure().stream())
                .map(CaseResult.Failure::message)
                .collect(Collectors.joining("\n"));
        return problems.isEmpty() ? null : recorded.id() + "\n" + recorded.policy() + "\n" + problems;
    }

    private static ObjectValue file(RecordedCase recorded) {
        Value tools = Value.freeze(recorded.known());
        PolicySimulator simulator = new PolicySimulator(
                recorded.read(), ToolList.of(tools), null, recorded.custom().keySet());
        simulator.answering(recorded.custom());
        List<Value> calls = new ArrayList<>();
        for (Step step : recorded.steps()) {
            simulator.moveTo(step.time());
            long ends = step.ends() == null ? step.time() : step.ends();
            Decision decision =
                    simulator.make(step.call(), end(step), false, 0, ends).decision();
            calls.add(call(step, verdict(step.expected(), decision)));
        }
        Map<String, Value> test = Map.of(
                "name",
                new Value.Text(recorded.id()),
                "custom",
                Value.freeze(recorded.custom()),
                "calls",
                new Value.Array(calls));
        Map<String, Value> file = new LinkedHashMap<>();
        if (!recorded.tools().isEmpty()) {
            file.put("tools", tools);
        }
        file.put("cases", new Value.Array(List.of(ObjectValue.of(test))));
        return ObjectValue.of(file);
    }

    private static SimulatedEnd end(Step step) {
        ObjectValue result = step.result();
        SimulatedEnd end =
                result == null ? SimulatedEnd.of(step.outcome()) : SimulatedEnd.with(CallResult.of(result.toJava()));
        return end.using(new CallUsage(step.usage()));
    }

    /** A call that a person is asked about is denied where nobody can be asked, as in a recording; here it is told. */
    private static String verdict(Expected expected, Decision decision) {
        if (expected.allowed()) {
            return "allowed";
        }
        return decision.verdict() == Decision.Verdict.NEEDS_APPROVAL ? "needs approval" : "denied";
    }

    private static ObjectValue call(Step step, String verdict) {
        Map<String, Value> call = new LinkedHashMap<>();
        call.put("tool", new Value.Text(step.call().tool()));
        call.put("args", step.call().arguments().root());
        call.put("at", time(step.time()));
        putText(call, "identity", step.call().identity());
        putText(call, "session", step.session());
        putText(call, "server", step.call().server());
        call.put("ctx", step.call().context());
        call.put("outcome", new Value.Text(step.outcome().text()));
        if (step.result() != null) {
            call.put("result", step.result());
        }
        call.put("usage", step.usage());
        if (step.ends() != null) {
            call.put("ends", time(step.ends()));
        }
        call.put("expect", expected(step.expected(), verdict));
        return ObjectValue.of(call);
    }

    private static Value time(long millis) {
        return new Value.Text(Instant.ofEpochMilli(millis).toString());
    }

    private static ObjectValue expected(Expected expected, String verdict) {
        Map<String, Value> parts = new LinkedHashMap<>();
        parts.put("decision", new Value.Text(verdict));
        putText(parts, "rule", expected.rule());
        putText(parts, "message", expected.message());
        putText(parts, "code", expected.code());
        putText(parts, "result", expected.result());
        putText(parts, "text", expected.text());
        if (expected.structured() != null) {
            parts.put("structured", expected.structured());
        }
        return ObjectValue.of(parts);
    }

    private static void putText(Map<String, Value> members, String name, @Nullable String text) {
        if (text != null) {
            members.put(name, new Value.Text(text));
        }
    }
}
