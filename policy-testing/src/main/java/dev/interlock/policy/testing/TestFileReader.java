package dev.interlock.policy.testing;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.testing.Expectation.ExpectedResult;
import dev.interlock.policy.testing.Expectation.ExpectedVerdict;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.Document.Members;
import dev.interlock.policy.yaml.Document.Part;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a file of tests. Every mistake is reported with its position, and the valid parts are kept. */
final class TestFileReader {

    private static final Instant START = Instant.parse("2026-01-05T00:00:00Z");

    private static final List<String> FILE_KEYS = List.of("description", "start", "tools", "cases");
    private static final List<String> CASE_KEYS =
            List.of("name", "start", "identity", "session", "server", "ctx", "custom", "calls");
    private static final List<String> CALL_KEYS = List.of(
            "tool",
            "args",
            "method",
            "params",
            "at",
            "times",
            "identity",
            "session",
            "server",
            "ctx",
            "custom",
            "rounds",
            "outcome",
            "result",
            "error",
            "usage",
            "ends",
            "approved",
            "expect");
    /** Keys that only a call of a tool has. */
    private static final List<String> TOOL_KEYS =
            List.of("tool", "args", "rounds", "outcome", "result", "error", "usage", "ends", "approved");

    private static final List<String> EXPECT_KEYS = List.of(
            "decision",
            "rule",
            "code",
            "message",
            "message_contains",
            "retry_after",
            "audited",
            "result",
            "text",
            "structured");

    private static final List<String> ERROR_KEYS = List.of("code", "message", "data");
    private static final List<String> FATES =
            Arrays.stream(ResultFate.values()).map(ResultFate::text).toList();

    private static final List<String> VERDICTS =
            Arrays.stream(ExpectedVerdict.values()).map(ExpectedVerdict::text).toList();
    private static final List<String> CODES =
            Arrays.stream(Decision.Code.values()).map(Decision.Code::text).toList();
    private static final String BY = " by ";
    private static final long MOST_TIMES = 100_000;
    private static final long MOST_ROUNDS = 100;

    private final List<TestCase> cases = new ArrayList<>();
    private ToolList tools = ToolList.NONE;

    List<TestCase> cases() {
        return cases;
    }

    ToolList tools() {
        return tools;
    }

    /** The caller, for calls that don't name one. */
    private record TestCaller(
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            @Nullable ObjectValue context,
            Map<String, Boolean> custom) {}

    void read(Part root) {
        Members file = root.map("a file of tests", FILE_KEYS);
        if (file == null) {
            return;
        }
        Instant start = instant(file.get("start"), START);
        Part toolsPart = file.get("tools");
        if (toolsPart != null) {
            tools(toolsPart);
        }
        Part casesPart = file.get("cases");
        if (casesPart == null) {
            root.error("missing-key", "there are no cases", "add cases: and a list of them");
            return;
        }
        List<Part> items = casesPart.list("cases");
        if (items != null) {
            items.forEach(item -> readCase(item, start));
            if (items.isEmpty()) {
                casesPart.error("missing-key", "there are no cases", "add one, or take the file away");
            }
        }
    }

    private void tools(Part part) {
        Value value = part.value();
        if (value == null) {
            return;
        }
        try {
            tools = ToolList.of(value);
        } catch (IllegalArgumentException e) {
            part.error("bad-value", String.valueOf(e.getMessage()), null);
        }
    }

    private void readCase(Part part, Instant fileStart) {
        Members members = part.map("a case", CASE_KEYS);
        if (members == null) {
            return;
        }
        String name = text(members.get("name"), "name");
        if (members.get("name") == null) {
            part.error("missing-key", "the case has no name", "add name: and say what it shows");
        }
        Instant start = instant(members.get("start"), fileStart);
        TestCaller caller = caller(members, new TestCaller(null, null, null, null, Map.of()));
        Part callsPart = members.get("calls");
        if (callsPart == null) {
            part.error("missing-key", "the case has no calls", "add calls: and a list of them");
            return;
        }
        List<Part> items = callsPart.list("calls");
        if (items == null) {
            return;
        }
        List<TestCall> calls = new ArrayList<>();
        long time = start.toEpochMilli();
        for (Part item : items) {
            TestCall call = call(item, start, time, caller);
            if (call != null) {
                calls.add(call);
                time = call.time();
            }
        }
        cases.add(new TestCase(name == null ? "line " + part.line() : name, part.line(), calls));
    }

    private static TestCaller caller(Members members, TestCaller outer) {
        Part context = members.get("ctx");
        return new TestCaller(
                or(text(members.get("identity"), "identity"), outer.identity()),
                or(text(members.get("session"), "session"), outer.session()),
                or(text(members.get("server"), "server"), outer.server()),
                context == null ? outer.context() : object(context, "ctx"),
                answers(members.get("custom"), outer.custom()));
    }

    /** What the host's predicates answer, by name. */
    private static Map<String, Boolean> answers(@Nullable Part part, Map<String, Boolean> outer) {
        ObjectValue object = part == null ? null : object(part, "custom");
        if (part == null || object == null) {
            return outer;
        }
        Map<String, Boolean> answers = new LinkedHashMap<>();
        object.members().forEach((name, answer) -> {
            if (answer instanceof Value.Bool bool) {
                answers.put(name, bool.value());
            } else {
                part.error(
                        "bad-value",
                        "the answer of custom." + name + " is not true or false",
                        "leave the name out for a predicate that can't tell");
            }
        });
        return answers;
    }

    private static @Nullable String or(@Nullable String text, @Nullable String other) {
        return text == null ? other : text;
    }

    private static @Nullable TestCall call(Part part, Instant start, long before, TestCaller outer) {
        Members members = part.map("a call", CALL_KEYS);
        if (members == null) {
            return null;
        }
        Part methodPart = members.get("method");
        boolean isRequest = methodPart != null;
        Part toolPart = isRequest ? methodPart : members.get("tool");
        String tool = toolPart == null ? null : toolPart.text(isRequest ? "method" : "tool");
        if (toolPart == null) {
            part.error("missing-key", "the call has no tool", "add tool: and its name, or method: for another request");
        }
        fits(members, isRequest);
        Long time = time(members.get("at"), "at", start, before, "the call above it");
        Long ends = time == null ? null : time(members.get("ends"), "ends", start, time, "the call itself");
        String argumentsKey = isRequest ? "params" : "args";
        Part argumentsPart = members.get(argumentsKey);
        Arguments arguments = argumentsPart == null ? Arguments.NONE : arguments(argumentsPart, argumentsKey);
        Part timesPart = members.get("times");
        Long times = timesPart == null ? Long.valueOf(1) : timesPart.whole("times", 1, MOST_TIMES);
        Part roundsPart = members.get("rounds");
        Long rounds = roundsPart == null ? Long.valueOf(0) : roundsPart.whole("rounds", 0, MOST_ROUNDS);
        SimulatedEnd end = end(members);
        Part approvedPart = members.get("approved");
        Boolean approved = approvedPart == null ? Boolean.FALSE : approvedPart.bool("approved");
        TestCaller caller = caller(members, outer);
        Part expectPart = members.get("expect");
        Expectation expected = expectPart == null ? null : expectation(expectPart);
        if (expectPart == null) {
            part.error("missing-key", "the call has no expectation", "add expect: allowed, or denied, or denied by …");
        }
        if (tool == null
                || time == null
                || ends == null
                || arguments == null
                || times == null
                || rounds == null
                || end == null
                || approved == null
                || expected == null) {
            return null;
        }
        ToolCall call = ToolCall.of(tool, arguments)
                .by(caller.identity())
                .in(caller.session())
                .on(caller.server());
        ObjectValue context = caller.context();
        return new TestCall(
                time,
                context == null ? call : call.with(context),
                isRequest,
                end,
                ends,
                caller.custom(),
                approved,
                rounds.intValue(),
                times.intValue(),
                expected,
                part.line());
    }

    /** How the call ends if it is let through. */
    private static @Nullable SimulatedEnd end(Members members) {
        Part outcomePart = members.get("outcome");
        String outcome = outcomePart == null ? "" : outcomePart.word("outcome", CallOutcome.texts());
        Part resultPart = members.get("result");
        ObjectValue result = resultPart == null ? null : object(resultPart, "result");
        Part errorPart = members.get("error");
        CallResult error = errorPart == null ? null : error(errorPart);
        Part usagePart = members.get("usage");
        ObjectValue usage = usagePart == null ? ObjectValue.EMPTY : object(usagePart, "usage");
        if (outcome == null
                || (resultPart != null && result == null)
                || (errorPart != null && error == null)
                || usage == null) {
            return null;
        }
        CallResult answer = error != null || result == null ? error : CallResult.of(result.toJava());
        Part odd = resultPart != null && errorPart != null
                ? errorPart
                : answer != null
                                && outcomePart != null
                                && !answer.outcome().text().equals(outcome)
                        ? outcomePart
                        : null;
        if (odd != null) {
            odd.error(
                    "conflict",
                    "a call has one end, and its answer already says which",
                    "leave out either this or the answer");
            return null;
        }
        SimulatedEnd end = answer != null
                ? SimulatedEnd.with(answer)
                : SimulatedEnd.of(CallOutcome.of(outcome).orElse(CallOutcome.SUCCEEDED));
        return end.using(new CallUsage(usage));
    }

    /** {@code error: {code: -32000, message: …, data: …}}. */
    private static @Nullable CallResult error(Part part) {
        if (part.map("error", ERROR_KEYS) == null || !(part.value() instanceof ObjectValue members)) {
            return null;
        }
        Value code = members.get("code");
        Value data = members.get("data");
        return CallResult.failed(
                code == null ? -32603 : code.toJava(), members.text("message"), data == null ? null : data.toJava());
    }

    /** Reports keys of a call that mean nothing for what is called. */
    private static void fits(Members members, boolean isRequest) {
        for (String key : isRequest ? TOOL_KEYS : List.of("params")) {
            Part odd = members.get(key);
            if (odd != null) {
                odd.error(
                        "conflict",
                        isRequest ? "a request has no '" + key + "'" : "a call of a tool has no '" + key + "'",
                        isRequest ? "a call of a tool has no 'method'" : "write args, or method in place of tool");
            }
        }
    }

    private static @Nullable Arguments arguments(Part part, String key) {
        ObjectValue object = object(part, key);
        if (object == null) {
            return null;
        }
        try {
            return Arguments.freeze(object.members(), ValueLimits.DEFAULT);
        } catch (InvalidValueException e) {
            part.error("bad-value", key + " can't be made: " + e.getMessage(), null);
            return null;
        }
    }

    private static @Nullable ObjectValue object(Part part, String what) {
        if (!part.isMap()) {
            part.map(what, List.of());
            return null;
        }
        return part.value() instanceof ObjectValue object ? object : null;
    }

    private static @Nullable String text(@Nullable Part part, String what) {
        return part == null ? null : part.nonBlank(what);
    }

    private static Instant instant(@Nullable Part part, Instant otherwise) {
        String text = part == null ? null : part.text("start");
        if (part == null || text == null) {
            return otherwise;
        }
        Instant instant = parse(text);
        if (instant == null) {
            part.error("bad-value", "'" + text + "' is not a time", "write 2026-01-31T12:00:00Z");
            return otherwise;
        }
        return instant;
    }

    private static @Nullable Instant parse(String text) {
        try {
            Instant instant = Instant.parse(text);
            return Math.abs(instant.getEpochSecond()) < Duration.ofDays(100_000).toSeconds() ? instant : null;
        } catch (DateTimeException e) {
            return null;
        }
    }

    /**
     * The time of an event: relative to the case's start, or by the calendar; if it has none, the time of the event
     * before.
     */
    private static @Nullable Long time(@Nullable Part part, String what, Instant start, long before, String event) {
        if (part == null) {
            return before;
        }
        String text = part.text(what);
        if (text == null) {
            return null;
        }
        Instant at = parse(text);
        if (at == null) {
            if (text.equals("0") || text.equals("0s")) {
                at = start;
            } else {
                Duration since = part.duration(what);
                if (since == null) {
                    return null;
                }
                at = start.plus(since);
            }
        }
        long time = at.toEpochMilli();
        if (time < before) {
            part.error("bad-value", "this is before " + event, "put the calls in the order of their times");
            return null;
        }
        return time;
    }

    private static @Nullable Expectation expectation(Part part) {
        if (!part.isMap()) {
            String text = part.text("expect");
            return text == null ? null : verdict(part, text);
        }
        Members members = part.map("expect", EXPECT_KEYS);
        if (members == null) {
            return null;
        }
        Part decisionPart = members.get("decision");
        Expectation said = null;
        if (decisionPart != null) {
            String text = decisionPart.text("decision");
            said = text == null ? null : verdict(decisionPart, text);
            if (said == null) {
                return null;
            }
        }
        Part codePart = members.get("code");
        String code = codePart == null ? null : codePart.word("code", CODES);
        Part retryPart = members.get("retry_after");
        Duration retryAfter = retryPart == null ? null : retryPart.duration("retry_after");
        Part auditedPart = members.get("audited");
        Boolean audited = auditedPart == null ? null : auditedPart.bool("audited");
        String rule = or(text(members.get("rule"), "rule"), said == null ? null : said.rule());
        String message = text(members.get("message"), "message");
        String contains = text(members.get("message_contains"), "message_contains");
        ExpectedResult result = result(members);
        ExpectedVerdict verdict = said == null ? null : said.verdict();
        if (verdict == null
                && rule == null
                && code == null
                && message == null
                && contains == null
                && retryAfter == null
                && audited == null
                && members.get("result") == null
                && result == null) {
            part.error("missing-key", "nothing is expected here", "add decision: allowed, or denied, …");
            return null;
        }
        return new Expectation(verdict, rule, code, message, contains, retryAfter, audited, result);
    }

    /** What is expected of the result; null if nothing is. */
    private static @Nullable ExpectedResult result(Members members) {
        Part fatePart = members.get("result");
        String said = fatePart == null ? null : fatePart.text("result");
        Part textPart = members.get("text");
        String text = textPart == null ? null : textPart.text("text");
        Part structuredPart = members.get("structured");
        Value structured = structuredPart == null ? null : structuredPart.value();
        ResultFate fate = null;
        String rule = null;
        if (fatePart != null && said != null) {
            int by = said.indexOf(BY);
            String word = by < 0 ? said : said.substring(0, by);
            fate = Arrays.stream(ResultFate.values())
                    .filter(each -> each.text().equals(word))
                    .findFirst()
                    .orElse(null);
            rule = by < 0 ? null : said.substring(by + BY.length()).strip();
            if (fate == null || (rule != null && fate != ResultFate.WITHHELD)) {
                fatePart.error(
                        "bad-value",
                        "'" + said + "' is nothing that can become of a result",
                        "it is one of " + String.join(", ", FATES) + "; withheld may name a rule: withheld by <rule>");
                return null;
            }
        }
        return fate == null && text == null && structured == null
                ? null
                : new ExpectedResult(fate, rule, text, structured);
    }

    /** {@code denied}, {@code denied by <rule>} and the like. */
    private static @Nullable Expectation verdict(Part part, String text) {
        int by = text.indexOf(BY);
        String word = (by < 0 ? text : text.substring(0, by)).replace('_', ' ');
        String rule = by < 0 ? null : text.substring(by + BY.length()).strip();
        for (ExpectedVerdict verdict : ExpectedVerdict.values()) {
            if (verdict.text().equals(word)) {
                if (rule != null && verdict == ExpectedVerdict.ALLOWED) {
                    break;
                }
                return Expectation.of(verdict, rule);
            }
        }
        part.error(
                "bad-value",
                "'" + text + "' is nothing that can be expected",
                "it is one of " + String.join(", ", VERDICTS) + "; the last three may name a rule: denied by <rule>");
        return null;
    }
}
