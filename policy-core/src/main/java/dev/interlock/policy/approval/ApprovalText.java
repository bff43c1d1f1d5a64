package dev.interlock.policy.approval;

import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Formats a request for a person at a terminal. The agent has chosen much of the text and may try to disguise it. So
 * this class writes as an escape every character that could end a line, move the cursor, change the direction of
 * writing, be invisible, or change how its neighbours look, and every letter that isn't written from left to right. It
 * cuts the text into lines of its own behind a margin, so that a line break by the terminal can't make the agent's text
 * look like ours.
 */
public final class ApprovalText {

    private static final int WIDTH = 72;

    /** The most bytes of arguments that a person can be expected to read. */
    private static final int MAX_READ = 4_000;

    private ApprovalText() {}

    /**
     * Returns everything that a person needs to know, in lines of at most 80 characters. Each line ends with a line
     * break.
     */
    public static String of(ApprovalRequest request) {
        StringBuilder text = new StringBuilder();
        line(
                request.otherRequest() ? "request" : "call of",
                request.tool() + (request.server() == null ? "" : " on " + request.server()),
                text);
        line("made by", request.identity() == null ? "(not known)" : request.identity(), text);
        line("session", request.session() == null ? "(not known)" : request.session(), text);
        line(
                "rated",
                request.rating().category().text() + ", risk "
                        + request.rating().risk().text(),
                text);
        for (AskingRule rule : request.rules()) {
            line("rule", rule.name() + ", at " + rule.place().path(), text);
            line("message", rule.message(), text);
        }
        members("context", request.bound(), text);
        members(
                request.otherRequest() ? "parameters" : "arguments",
                request.arguments().root(),
                text);
        if (request.parameters().size() > 0) {
            members("other parameters", request.parameters(), text);
        }
        for (ToolCall inner : request.runs()) {
            line("it runs", inner.tool() + (inner.server() == null ? "" : " on " + inner.server()), text);
            if (inner.arguments().isKnown()) {
                members("with arguments", inner.arguments().root(), text);
            } else {
                line("with arguments", "(not known)", text);
            }
        }
        return text.toString();
    }

    /**
     * Returns the same text; null if it is longer than a person can be expected to read, so that no person should be
     * asked.
     */
    public static @Nullable String readable(ApprovalRequest request) {
        String text = request.arguments().bytes() > MAX_READ ? null : of(request);
        return text == null || text.length() > 2 * MAX_READ ? null : text;
    }

    private static void members(String title, ObjectValue object, StringBuilder text) {
        text.append(title).append(":\n");
        Map<String, Value> members = object.members();
        members.forEach((name, value) -> block(new Value.Text(name).json() + ": " + value.json(), text));
        if (members.isEmpty()) {
            block("(none)", text);
        }
    }

    private static void line(String title, String content, StringBuilder text) {
        text.append(title).append(":\n");
        block(content, text);
    }

    private static void block(String content, StringBuilder text) {
        String shown = escaped(content);
        for (int from = 0; from < shown.length(); from += WIDTH) {
            int to = Math.min(shown.length(), from + WIDTH);
            text.append("  | ").append(shown, from, to).append('\n');
        }
    }

    private static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if (point < 0x80 ? !VisibleText.isInvisible(point) : VisibleText.isPlainLetter(point)) {
                out.appendCodePoint(point);
            } else {
                VisibleText.escape(point, out);
            }
        });
        return out.toString();
    }
}
