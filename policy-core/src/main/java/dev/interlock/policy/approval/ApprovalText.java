package dev.interlock.policy.approval;

import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Shows a person at a terminal what they are asked. The agent has chosen much of it, and would like it to be taken for
 * something else. So whatever could end a line, move the cursor, turn the direction of writing, be invisible, or change how
 * its neighbours look is written as an escape, and so is every letter that isn't written from left to right; and the text is
 * cut into lines of our own behind a margin, so that no line break of the terminal's makes it look like ours.
 */
public final class ApprovalText {

    private static final int WIDTH = 72;

    /** Bytes of arguments that a person may be expected to read. */
    private static final int MAX_READ = 4_000;

    private ApprovalText() {}

    /** All that a person needs to know, in lines of at most 80 characters, each ended. */
    public static String of(ApprovalRequest request) {
        StringBuilder text = new StringBuilder();
        line("call of", request.tool() + (request.server() == null ? "" : " on " + request.server()), text);
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
        members("arguments", request.arguments().root(), text);
        if (request.parameters().size() > 0) {
            members("other parameters", request.parameters(), text);
        }
        return text.toString();
    }

    /** The same; null if it is longer than a person may be expected to read, and so should be put to nobody. */
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
            if (isPlain(point)) {
                out.appendCodePoint(point);
            } else {
                VisibleText.escape(point, out);
            }
        });
        return out.toString();
    }

    private static boolean isPlain(int point) {
        if (point < 0x80) {
            return point >= ' ' && point != 0x7f;
        }
        // Those past the basic plane would take two places in a line that is cut by places.
        return point <= 0xffff
                && !VisibleText.isInvisible(point)
                && Character.isLetter(point)
                && Character.getType(point) != Character.MODIFIER_LETTER
                && Character.getDirectionality(point) == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
    }
}
