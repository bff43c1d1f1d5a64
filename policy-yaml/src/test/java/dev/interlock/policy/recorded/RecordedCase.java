package dev.interlock.policy.recorded;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.Document;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A recorded case: a policy, and calls in order, each with the decision it must come to.
 *
 * @param id its name
 * @param policy the text of the policy
 * @param tools the tools whose definitions are known
 * @param custom what predicates of the host answer, by name; one that is not there is asked nothing
 * @param steps the calls
 */
public record RecordedCase(
        String id, String policy, List<ToolDefinition> tools, Map<String, Boolean> custom, List<Step> steps) {

    /** Where the cases are that a selection names. */
    private static final List<String> RECORDINGS = List.of("/vectors/run.jsonl", "/vectors/run2.jsonl");

    /** What the language is to have and does not have yet, as documents say it. */
    private static final List<Pattern> MISSING = lines("/recorded/missing.txt")
            .filter(line -> !line.startsWith("#"))
            .map(Pattern::compile)
            .toList();

    /**
     * A call.
     *
     * @param time when it is made, in milliseconds of both clocks
     * @param outcome how it ends if it is let through
     * @param result the tool result that the server answers with; null if the recording says none
     * @param usage what the host tells when the call has ended
     * @param ends when it ends; null if at once
     * @param expected the decision
     */
    public record Step(
            long time,
            ToolCall call,
            CallOutcome outcome,
            @Nullable ObjectValue result,
            ObjectValue usage,
            @Nullable Long ends,
            Expected expected) {

        /** How it ends if it is let through. */
        public CallPath.End end() {
            return new CallPath.End(outcome, result, new CallUsage(usage));
        }

        /** The agent session that the host names; null if it names none. */
        public @Nullable String session() {
            return sessionOf(call);
        }
    }

    /**
     * The decision that a call must come to. What is null is not checked.
     *
     * @param result what must become of its result: {@code passed}, {@code withheld}, {@code redacted} or {@code cut}
     * @param text the text blocks of its result as the caller gets it, joined by line ends
     * @param structured the structured content of its result as the caller gets it
     */
    public record Expected(
            boolean allowed,
            @Nullable String rule,
            @Nullable String message,
            @Nullable String code,
            @Nullable String result,
            @Nullable String text,
            @Nullable ObjectValue structured) {}

    static @Nullable String sessionOf(ToolCall call) {
        return call.in(null).session().equals(call.session()) ? null : call.session();
    }

    /** Copies the lists. */
    public RecordedCase {
        tools = List.copyOf(tools);
        custom = Map.copyOf(custom);
        steps = List.copyOf(steps);
    }

    /** Reads a line of a recording. */
    public static RecordedCase of(String line) {
        ObjectValue read = (ObjectValue) value(line);
        List<ToolDefinition> tools = new ArrayList<>();
        for (Value tool : items(read, "tools")) {
            ObjectValue members = (ObjectValue) tool;
            tools.add(ToolDefinition.named(required(members, "name"))
                    .withInputSchema((ObjectValue) Objects.requireNonNull(members.get("inputSchema")))
                    .withAnnotations(
                            members.get("annotations") instanceof ObjectValue hints ? hints : ObjectValue.EMPTY));
        }
        List<Value> calls = items(read, "steps");
        List<Value> expected = items(read, "expected");
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            steps.add(step((ObjectValue) calls.get(i), (ObjectValue) expected.get(i)));
        }
        return new RecordedCase(required(read, "id"), required(read, "policy"), tools, answers(read), steps);
    }

    private static Map<String, Boolean> answers(ObjectValue read) {
        Map<String, Boolean> answers = new LinkedHashMap<>();
        if (read.get("custom") instanceof ObjectValue custom) {
            custom.members().forEach((name, answer) -> answers.put(name, answer == Value.Bool.TRUE));
        }
        return answers;
    }

    private static Step step(ObjectValue step, ObjectValue expected) {
        ObjectValue arguments = (ObjectValue) Objects.requireNonNull(step.get("args"));
        ObjectValue context = (ObjectValue) step.get("ctx");
        ToolCall call = ToolCall.of(required(step, "tool"), Arguments.freeze(arguments.members(), ValueLimits.DEFAULT))
                .by(step.text("identity"))
                .in(step.text("session"))
                .on(step.text("server"));
        String outcome = step.text("outcome");
        return new Step(
                Objects.requireNonNull(time(step, "t")),
                context == null ? call : call.with(context),
                outcome == null ? CallOutcome.SUCCEEDED : outcome(outcome),
                (ObjectValue) step.get("result"),
                step.get("usage") instanceof ObjectValue usage ? usage : ObjectValue.EMPTY,
                time(step, "ends"),
                new Expected(
                        expected.get("allowed") == Value.Bool.TRUE,
                        expected.text("rule"),
                        expected.text("message"),
                        expected.text("code"),
                        expected.text("result"),
                        expected.text("text"),
                        (ObjectValue) expected.get("structured")));
    }

    private static CallOutcome outcome(String text) {
        return switch (text) {
            case "error" -> CallOutcome.FAILED;
            case "tool_error" -> CallOutcome.TOOL_ERROR;
            case "unsent" -> CallOutcome.UNSENT;
            case "unknown" -> CallOutcome.UNKNOWN;
            default -> throw new IllegalArgumentException("no outcome: " + text);
        };
    }

    private static @Nullable Long time(ObjectValue step, String name) {
        return step.get(name) instanceof NumberValue number
                ? ((Number) Objects.requireNonNull(number.toJava())).longValue()
                : null;
    }

    /** JSON is YAML, and is read as the documents of users are: exactly. */
    private static Value value(String line) {
        Document document = Document.read(line.getBytes(StandardCharsets.UTF_8), "recording");
        Value value = document.root().map(Document.Part::value).orElse(null);
        if (value == null) {
            throw new IllegalArgumentException(document.diagnostics() + " in " + line);
        }
        return value;
    }

    private static List<Value> items(ObjectValue object, String name) {
        return object.get(name) instanceof Value.Array array ? array.items() : List.of();
    }

    private static String required(ObjectValue object, String name) {
        return Objects.requireNonNull(object.text(name), name);
    }

    /**
     * The cases that are played over each path for a feature, in order. A line of their file is the id of a recorded
     * case, or a case.
     *
     * @param feature the name of the file
     */
    public static List<RecordedCase> selected(String feature) {
        Map<String, String> chosen = new LinkedHashMap<>();
        lines("/recorded/" + feature + ".jsonl").forEach(line -> {
            boolean isCase = line.startsWith("{");
            chosen.put(isCase ? line : line.replace("\"", ""), isCase ? line : "");
        });
        for (String recording : chosen.containsValue("") ? RECORDINGS : List.<String>of()) {
            lines(recording).forEach(line -> chosen.replace(idOf(line), "", line));
        }
        chosen.forEach((id, line) -> {
            if (line.isEmpty()) {
                throw new IllegalArgumentException("there is no case " + id + ", which " + feature + " names");
            }
        });
        return chosen.values().stream().map(RecordedCase::of).toList();
    }

    /** Without reading the whole line: most are not needed. */
    private static String idOf(String line) {
        int from = line.indexOf('"', line.indexOf(':')) + 1;
        return line.substring(from, line.indexOf('"', from));
    }

    /** Whether a document uses what the language does not have yet. */
    public static boolean isAhead(String document) {
        return MISSING.stream().anyMatch(pattern -> pattern.matcher(document).find());
    }

    private static Stream<String> lines(String resource) {
        try (InputStream in = RecordedCase.class.getResourceAsStream(resource)) {
            Objects.requireNonNull(in, resource);
            BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            return reader.lines().filter(line -> !line.isBlank()).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The policy. */
    public Policy read() {
        return PolicyYaml.read(policy, "policy.yaml").orThrow();
    }

    /** The known tools, as a server would list them. */
    public List<Map<String, Object>> known() {
        return tools.stream().map(RecordedCase::listed).toList();
    }

    private static Map<String, Object> listed(ToolDefinition tool) {
        Map<String, Object> listed = new LinkedHashMap<>(Map.of("name", tool.name()));
        listed.put("inputSchema", Objects.requireNonNull(tool.inputSchema()).toJava());
        if (!tool.annotations().members().isEmpty()) {
            listed.put("annotations", tool.annotations().toJava());
        }
        return listed;
    }

    /** What a server needs for this case, as it would list it: the known tools, and those whose calls reach it. */
    public List<Map<String, Object>> offered() {
        Map<String, Map<String, Object>> offered = new LinkedHashMap<>();
        tools.forEach(tool -> offered.put(tool.name(), listed(tool)));
        for (Step step : steps) {
            if (step.expected.allowed) {
                String tool = step.call.tool();
                offered.putIfAbsent(tool, Map.of("name", tool, "inputSchema", Map.of("type", "object")));
            }
        }
        return List.copyOf(offered.values());
    }

    @Override
    public String toString() {
        return id;
    }
}
