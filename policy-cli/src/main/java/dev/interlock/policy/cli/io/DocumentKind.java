package dev.interlock.policy.cli.io;

import dev.interlock.policy.value.InvalidValueException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;

/** What a file seems to be, judged by its beginning. Used to explain that a different kind of file is expected. */
public enum DocumentKind {
    POLICY("a policy", "a policy is read by: interlock validate POLICY"),
    TESTS("a file of tests", "tests go after the policy: interlock test POLICY TESTS"),
    CALLS("recorded calls", "calls go after the policy: interlock replay POLICY CALLS"),
    LOG("an audit log", "a log is read by: interlock audit stats LOG, or replayed by: interlock replay POLICY LOG"),
    TOOLS("a list of tools", "a list of tools goes with --tools FILE"),
    LOCK("a lock file", "a lock file is read by: interlock lock diff LOCK"),
    PACKED("a compressed file", "unpack it, as in: zcat FILE | interlock … -"),
    UNKNOWN("something else", "");

    /** How many bytes of a file are inspected. */
    public static final int BEGINNING = 1 << 16;

    private static final String LOG_LINE = "{\"seq\":";
    private static final Pattern KEY = Pattern.compile("(?m)^[\"']?([A-Za-z_][A-Za-z0-9_.*-]*)[\"']?[ \\t]*:(?=\\s|$)");
    private static final JsonFactory JSON = JsonReader.factory();

    private final String text;
    private final String advice;

    DocumentKind(String text, String advice) {
        this.text = text;
        this.advice = advice;
    }

    /** What a file with this beginning seems to be. */
    public static DocumentKind of(byte[] beginning, int length) {
        if (length > 1 && (beginning[0] & 0xFF) == 0x1F && (beginning[1] & 0xFF) == 0x8B) {
            return PACKED;
        }
        String text = new String(beginning, 0, Math.min(length, BEGINNING), StandardCharsets.UTF_8).stripLeading();
        String body = text.startsWith("\uFEFF") ? text.substring(1).stripLeading() : text;
        if (body.startsWith(LOG_LINE)) {
            return LOG;
        }
        if (body.startsWith("[")) {
            return TOOLS;
        }
        return body.startsWith("{") ? ofJson(body) : ofYaml(body);
    }

    private static DocumentKind ofJson(String text) {
        Map<String, JsonToken> members = members(text);
        if (members.containsKey("tool") || members.containsKey("steps")) {
            return CALLS;
        }
        if (members.containsKey("cases")) {
            return TESTS;
        }
        if (members.get("tools") == JsonToken.START_ARRAY) {
            return members.get("version") == JsonToken.VALUE_NUMBER_INT ? LOCK : TOOLS;
        }
        return members.containsKey("version") || members.containsKey("tools") ? POLICY : UNKNOWN;
    }

    /** The members of the first object, as far as it can be read, with the first token of each value. */
    private static Map<String, JsonToken> members(String text) {
        Map<String, JsonToken> members = new HashMap<>();
        try (JsonParser parser = JSON.createParser(JsonReader.CONTEXT, text)) {
            parser.nextToken();
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                members.put(name, parser.nextToken());
                parser.skipChildren();
            }
        } catch (JacksonException | InvalidValueException e) {
            // The object extends past the inspected part, or is not valid JSON. What was found before must do.
            return members;
        }
        return members;
    }

    private static DocumentKind ofYaml(String text) {
        Matcher key = KEY.matcher(text);
        boolean map = false;
        while (key.find()) {
            map = true;
            if (key.group(1).equals("cases")) {
                return TESTS;
            }
        }
        return map ? POLICY : UNKNOWN;
    }

    public boolean isKnown() {
        return this != UNKNOWN;
    }

    /** An exception that says that this was given where something else is expected, and where it belongs. */
    public CliException insteadOf(String expected, String name) {
        return new CliException(name + " looks like " + text + ", but " + expected + " is expected here; " + advice);
    }
}
