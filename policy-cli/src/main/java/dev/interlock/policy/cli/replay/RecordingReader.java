package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.io.JsonReader;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.testing.SimulatedEnd;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the lines of a recording. Unknown keys are skipped, since the logs of other programs have them. A duplicate key
 * makes the line damaged.
 */
final class RecordingReader {

    private static final ValueLimits TOOL_LIMITS = new ValueLimits(256, Lines.LONGEST);

    /** How often a server may ask for input in one call. */
    private static final int MOST_ROUNDS = 100;

    private final JsonFactory json = JsonReader.factory();

    /** Null unless the recording is an audit log. */
    private final @Nullable AuditedCalls audited;

    /**
     * @param audited what the other lines of an audit log say; null if the recording is not an audit log
     */
    RecordingReader(@Nullable AuditedCalls audited) {
        this.audited = audited;
    }

    /**
     * Reads the line in a buffer.
     *
     * @throws DamagedLineException if it can't be used
     */
    Recording read(byte[] buffer, int offset, int length) {
        try (JsonParser parser = json.createParser(JsonReader.CONTEXT, buffer, offset, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new DamagedLineException("this is not a JSON object");
            }
            Fields fields = new Fields();
            fields.read(parser);
            if (parser.nextToken() != null) {
                throw new DamagedLineException("there is more after the end of the object");
            }
            return audited == null ? fields.recording() : fields.audited(audited);
        } catch (JacksonException e) {
            String message = e.getOriginalMessage();
            throw new DamagedLineException("this is not valid JSON: " + Printable.of(String.valueOf(message)));
        } catch (InvalidValueException | JsonReader.PastBoundsException e) {
            throw new DamagedLineException(String.valueOf(e.getMessage()));
        }
    }

    /** The members of one object: a line, or a step in it. */
    private static final class Fields {

        /** Unknown keys. Most lines have none. */
        private @Nullable Set<String> others;

        private int seen;

        private @Nullable Long time;
        private @Nullable String tool;
        private @Nullable Map<String, @Nullable Object> arguments;
        private @Nullable String argumentsProblem;
        private @Nullable String identity;
        private @Nullable String session;
        private @Nullable String server;
        private @Nullable ObjectValue context;
        private CallOutcome outcome = CallOutcome.SUCCEEDED;
        private boolean approved;
        private int rounds;
        private @Nullable Long ends;
        private Map<String, Boolean> custom = Map.of();
        private @Nullable CallResult answer;
        private CallUsage usage = CallUsage.NONE;
        private boolean hasOutcome;
        private @Nullable String caseId;
        private @Nullable String id;
        private @Nullable String policy;
        private @Nullable ToolList tools;
        private @Nullable List<RecordedCall> steps;
        private @Nullable String event;
        private @Nullable String code;
        private @Nullable Boolean argumentsComplete;

        void read(JsonParser parser) {
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                switch (name) {
                    case "t" -> {
                        once(0, name);
                        time = time(parser, name);
                    }
                    case "tool" -> {
                        once(1, name);
                        tool = text(parser, name);
                    }
                    case "args" -> {
                        once(2, name);
                        arguments(parser);
                    }
                    case "identity" -> {
                        once(3, name);
                        identity = text(parser, name);
                    }
                    case "session" -> {
                        once(4, name);
                        session = text(parser, name);
                    }
                    case "server" -> {
                        once(5, name);
                        server = text(parser, name);
                    }
                    case "ctx" -> {
                        once(6, name);
                        context = context(parser);
                    }
                    case "outcome" -> {
                        once(7, name);
                        String said = text(parser, name);
                        outcome = outcome(said);
                        hasOutcome = said != null;
                    }
                    case "approved" -> {
                        once(8, name);
                        approved = flag(parser, name);
                    }
                    case "case" -> {
                        once(9, name);
                        caseId = scalar(parser, name);
                    }
                    case "id" -> {
                        once(10, name);
                        id = scalarOrNull(parser);
                    }
                    case "policy" -> {
                        once(11, name);
                        policy = text(parser, name);
                    }
                    case "tools" -> {
                        once(12, name);
                        tools = tools(parser);
                    }
                    case "steps" -> {
                        once(13, name);
                        steps = steps(parser);
                    }
                    case "event" -> {
                        once(14, name);
                        event = scalarOrNull(parser);
                    }
                    case "code" -> {
                        once(15, name);
                        code = scalarOrNull(parser);
                    }
                    case "rounds" -> {
                        once(17, name);
                        rounds = rounds(parser);
                    }
                    case "ends" -> {
                        once(18, name);
                        ends = time(parser, name);
                    }
                    case "custom" -> {
                        once(19, name);
                        custom = answers(parser);
                    }
                    case "result" -> {
                        once(20, name);
                        Object read = JsonReader.read(parser);
                        answer = read == null ? null : CallResult.of(read);
                    }
                    case "usage" -> {
                        once(21, name);
                        usage = Value.freeze(JsonReader.read(parser)) instanceof ObjectValue told
                                ? new CallUsage(told)
                                : CallUsage.NONE;
                    }
                    case "argsComplete" -> {
                        once(16, name);
                        argumentsComplete = Boolean.valueOf(scalarOrNull(parser));
                    }
                    default -> {
                        other(name);
                        skip(parser);
                    }
                }
            }
        }

        private void once(int bit, String name) {
            if ((seen & (1 << bit)) != 0) {
                throw twice(name);
            }
            seen |= 1 << bit;
        }

        private void other(String name) {
            if (others == null) {
                others = new HashSet<>();
            }
            if (!others.add(name)) {
                throw twice(name);
            }
        }

        private static DamagedLineException twice(String name) {
            return new DamagedLineException("the key '" + Printable.of(name) + "' occurs twice");
        }

        /** Skips a value, but still reads it: a duplicate key inside is a sign of damage, too. */
        private static void skip(JsonParser parser) {
            if (parser.currentToken().isStructStart()) {
                JsonReader.read(parser);
            }
        }

        Recording recording() {
            if (steps != null) {
                return new Recording(steps, true, caseId == null ? id : caseId, policy, tools);
            }
            return new Recording(List.of(call()), false, caseId, policy, tools);
        }

        /** The call in a line of an audit log, or nothing if the line is about something else. */
        Recording audited(AuditedCalls calls) {
            if (event == null || !event.equals("decision") || id == null || !calls.isNew(id)) {
                return new Recording(List.of(), false, null, null, null);
            }
            outcome = calls.outcome(id);
            approved = calls.approved(id);
            rounds = calls.rounds(id);
            ends = calls.ends(id);
            if ("malformed".equals(code)) {
                argumentsProblem = "they could not be read when the call was made";
            } else {
                calls.requireArguments(argumentsComplete);
            }
            return new Recording(List.of(call()), false, null, null, null);
        }

        RecordedCall call() {
            if (tool == null) {
                throw new DamagedLineException("there is no 'tool'");
            }
            ToolCall call = argumentsProblem == null
                    ? ToolCall.of(tool, arguments)
                    : ToolCall.malformed(tool, "the arguments can't be read: " + argumentsProblem);
            if (identity != null) {
                call = call.by(identity);
            }
            if (session != null) {
                call = call.in(session);
            }
            if (server != null) {
                call = call.on(server);
            }
            if (context != null) {
                call = call.with(context);
            }
            return new RecordedCall(time, call, end(), approved, rounds, ends, custom);
        }

        /** A call whose recorded outcome is not that of the recorded answer ended by the outcome. */
        private SimulatedEnd end() {
            boolean answered = answer != null && (!hasOutcome || answer.outcome() == outcome);
            return (answered ? SimulatedEnd.with(Objects.requireNonNull(answer)) : SimulatedEnd.of(outcome))
                    .using(usage);
        }

        private static @Nullable Long time(JsonParser parser, String name) {
            switch (parser.currentToken()) {
                case VALUE_NULL -> {
                    return null;
                }
                case VALUE_NUMBER_INT -> {
                    if (parser.getStringLength() < 18) {
                        return parser.getLongValue();
                    }
                }
                case VALUE_STRING -> {
                    try {
                        return Instant.parse(parser.getString()).toEpochMilli();
                    } catch (DateTimeException | ArithmeticException e) {
                        throw new DamagedLineException("'" + name + "' is not a time");
                    }
                }
                default -> {}
            }
            throw new DamagedLineException("'" + name
                    + "' must be a whole number of milliseconds since 1970, or a time like" + " 2026-01-31T12:00:00Z");
        }

        private static int rounds(JsonParser parser) {
            if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT && parser.getStringLength() <= 3) {
                int rounds = parser.getIntValue();
                if (rounds >= 0 && rounds <= MOST_ROUNDS) {
                    return rounds;
                }
            }
            throw new DamagedLineException("'rounds' must be a whole number from 0 to " + MOST_ROUNDS);
        }

        private void arguments(JsonParser parser) {
            if (parser.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            int depth = parser.streamReadContext().getNestingDepth()
                    - (parser.currentToken().isStructStart() ? 1 : 0);
            Object value;
            try {
                value = JsonReader.read(parser);
            } catch (JsonReader.PastBoundsException e) {
                // Damage means that the line can't be read. This line can be, and the policy answers it with a denial.
                argumentsProblem = String.valueOf(e.getMessage());
                JsonReader.skipRest(parser, depth);
                return;
            }
            if (value instanceof Map<?, ?>) {
                @SuppressWarnings("unchecked") // The reader makes no other maps.
                Map<String, @Nullable Object> map = (Map<String, @Nullable Object>) value;
                arguments = map;
            } else {
                argumentsProblem = "they are not an object";
            }
        }

        private static ObjectValue context(JsonParser parser) {
            if (Value.freeze(JsonReader.read(parser)) instanceof ObjectValue object) {
                return object;
            }
            throw new DamagedLineException("'ctx' must be an object");
        }

        private static Map<String, Boolean> answers(JsonParser parser) {
            if (parser.currentToken() == JsonToken.VALUE_NULL) {
                return Map.of();
            }
            if (!(Value.freeze(JsonReader.read(parser)) instanceof ObjectValue object)) {
                throw new DamagedLineException("'custom' must be an object");
            }
            Map<String, Boolean> answers = new HashMap<>();
            object.members().forEach((name, answer) -> {
                if (!(answer instanceof Value.Bool bool)) {
                    throw new DamagedLineException(
                            "what 'custom' says of '" + Printable.of(name) + "' must be true or false");
                }
                answers.put(name, bool.value());
            });
            return answers;
        }

        private static CallOutcome outcome(@Nullable String text) {
            return text == null
                    ? CallOutcome.SUCCEEDED
                    : CallOutcome.of(text)
                            .orElseThrow(() -> new DamagedLineException("there is no outcome '" + Printable.of(text)
                                    + "'; it is one of " + String.join(", ", CallOutcome.texts())));
        }

        private static ToolList tools(JsonParser parser) {
            try {
                return ToolList.of(Value.freeze(JsonReader.read(parser), TOOL_LIMITS));
            } catch (InvalidValueException e) {
                throw e;
            } catch (IllegalArgumentException e) {
                throw new DamagedLineException(String.valueOf(e.getMessage()));
            }
        }

        private static List<RecordedCall> steps(JsonParser parser) {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                throw new DamagedLineException("'steps' must be a list");
            }
            List<RecordedCall> steps = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.START_OBJECT) {
                    throw new DamagedLineException("step " + steps.size() + " is not an object");
                }
                Fields step = new Fields();
                step.read(parser);
                if (step.policy != null || step.tools != null || step.steps != null || step.caseId != null) {
                    throw new DamagedLineException(
                            "step " + steps.size() + " has a policy, case, tools or steps of its own");
                }
                steps.add(step.call());
            }
            return steps;
        }

        private static @Nullable String text(JsonParser parser, String name) {
            return switch (parser.currentToken()) {
                case VALUE_STRING -> parser.getString();
                case VALUE_NULL -> null;
                default -> throw new DamagedLineException("'" + name + "' must be a string");
            };
        }

        private static @Nullable String scalar(JsonParser parser, String name) {
            if (parser.currentToken().isStructStart()) {
                throw new DamagedLineException("'" + name + "' must be a string or a number");
            }
            return scalarOrNull(parser);
        }

        private static @Nullable String scalarOrNull(JsonParser parser) {
            if (parser.currentToken().isStructStart()) {
                JsonReader.read(parser);
                return null;
            }
            return parser.currentToken() == JsonToken.VALUE_NULL ? null : parser.getString();
        }

        private static boolean flag(JsonParser parser, String name) {
            return switch (parser.currentToken()) {
                case VALUE_TRUE -> true;
                case VALUE_FALSE, VALUE_NULL -> false;
                default -> throw new DamagedLineException("'" + name + "' must be true or false");
            };
        }
    }
}
