package dev.interlock.policy.cli.audit;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Formats a line of an audit log for people. Nothing in it can move the cursor or hide what is shown. */
final class AuditLineText {

    private static final int WIDTH = 8;
    private static final int DIGEST = 12;

    private final Colours colours;

    AuditLineText(Colours colours) {
        this.colours = colours;
    }

    String of(AuditLine line) {
        String start = colours.faint(Printable.of(line.text("t"))) + "  ";
        return start
                + switch (line.event()) {
                    case "decision" -> decision(line, tool(line));
                    case "method" -> decision(line, method(line));
                    case "settlement" ->
                        faint("ended") + tool(line) + "  " + Printable.of(line.text("outcome")) + ", after "
                                + time(line.number("tookMicros"));
                    case "result" -> result(line);
                    case "policy" ->
                        padded("policy") + Printable.of(line.text("change")) + "  "
                                + shortDigest(line.text("policyDigest")) + quoted(line.text("policyDescription"));
                    case "suspension" -> {
                        boolean suspended = Boolean.TRUE.equals(line.members().get("suspended"));
                        yield (suspended ? red("suspended") : faint("resumed"))
                                + Printable.of(line.text("reason"))
                                + by(line);
                    }
                    case "reset" ->
                        padded("reset")
                                + Printable.of(line.text("limit"))
                                + what(line, "subject")
                                + (line.text("partitionHmac").isEmpty() ? "" : "  of certain values")
                                + by(line);
                    case "clear" -> padded("cleared") + "session " + Printable.of(line.text("session")) + by(line);
                    case "marks" -> faint("marks") + tool(line) + marks(line);
                    case "failure" -> red("failure") + tool(line) + "  " + Printable.of(line.text("failure"));
                    case "lost" -> red("lost") + Count.of(line.number("events"), "event");
                    case "open" -> faint("open") + Printable.of(line.text("before"));
                    case "seal" -> faint("closed") + Printable.of(line.text("reason"));
                    default -> Printable.of(line.event());
                };
    }

    private static String by(AuditLine line) {
        return what(line, "by");
    }

    private static String what(AuditLine line, String key) {
        return line.text(key).isEmpty() ? "" : "  " + key + " " + Printable.of(line.text(key));
    }

    /** What a call has set and cleared: {@code   set seen (2 values), web  cleared old}. */
    private static String marks(AuditLine line) {
        List<String> set = new ArrayList<>();
        if (line.members().get("set") instanceof List<?> marks) {
            for (Object each : marks) {
                if (each instanceof Map<?, ?> mark) {
                    set.add(Printable.of(String.valueOf(mark.get("mark"))) + values(mark));
                }
            }
        }
        List<String> cleared = new ArrayList<>();
        if (line.members().get("cleared") instanceof List<?> names) {
            names.forEach(name -> cleared.add(Printable.of(String.valueOf(name))));
        }
        return (set.isEmpty() ? "" : "  set " + String.join(", ", set))
                + (cleared.isEmpty() ? "" : "  cleared " + String.join(", ", cleared));
    }

    private static String values(Map<?, ?> mark) {
        if (Boolean.FALSE.equals(mark.get("known"))) {
            return " (values unknown)";
        }
        return mark.get("values") instanceof Number number ? " (" + Count.of(number.longValue(), "value") + ")" : "";
    }

    private String decision(AuditLine line, String what) {
        StringBuilder text = new StringBuilder();
        String decision = line.text("decision");
        String shown = padded(Printable.of(decision));
        text.append(
                switch (decision) {
                    case "allowed", "approved" -> colours.green(shown);
                    case "asked", "audited" -> colours.yellow(shown);
                    default -> colours.red(shown);
                });
        text.append(what);
        if (!line.text("rule").isEmpty()) {
            text.append("  by ").append(Printable.of(line.text("rule")));
        }
        if (!line.text("code").isEmpty() && !line.text("code").equals("allowed")) {
            text.append(" [").append(Printable.of(line.text("code"))).append(']');
        }
        for (String who : new String[] {"identity", "session"}) {
            if (!line.text(who).isEmpty() && !line.text(who).equals(ToolCall.COMMON_SESSION)) {
                text.append("  ").append(who).append(' ').append(Printable.of(line.text(who)));
            }
        }
        if (!line.text("by").isEmpty()) {
            text.append("  answered by ").append(Printable.of(line.text("by")));
        }
        if (!line.text("ticket").isEmpty()) {
            text.append("  ticket ").append(Printable.of(line.text("ticket")));
        }
        if (line.number("retryAfterMs") > 0) {
            text.append("  room in ").append(time(line.number("retryAfterMs") * 1_000));
        }
        if (line.members().containsKey("tookMicros")) {
            text.append("  ").append(time(line.number("tookMicros")));
        }
        return text.toString();
    }

    private String result(AuditLine line) {
        StringBuilder text = new StringBuilder(faint("result"))
                .append(tool(line))
                .append("  ")
                .append(Printable.of(line.text("result")));
        if (!line.text("wouldBe").isEmpty()) {
            text.append(", would be ").append(Printable.of(line.text("wouldBe")));
        }
        if (line.number("redactions") > 0) {
            text.append(", ").append(Count.of(line.number("redactions"), "redaction"));
        }
        if (!line.text("rule").isEmpty()) {
            text.append("  by ").append(Printable.of(line.text("rule")));
        }
        return text.toString();
    }

    private static String method(AuditLine line) {
        return (line.text("from").equals("server") ? "from " : "to ")
                + (line.text("server").isEmpty() ? "the server: " : Printable.of(line.text("server")) + ": ")
                + Printable.of(line.text("method"))
                + (line.members().containsKey("embedded") ? " (within an answer)" : "");
    }

    private static String tool(AuditLine line) {
        String server = line.text("server");
        return (server.isEmpty() ? "" : Printable.of(server) + "/") + Printable.of(line.text("tool"));
    }

    private static String quoted(String description) {
        return description.isEmpty() ? "" : "  " + Printable.of(description);
    }

    private static String shortDigest(String digest) {
        String shown = Printable.of(digest);
        return shown.length() > DIGEST ? shown.substring(0, DIGEST) : shown;
    }

    /** Formats a duration given in microseconds. */
    static String time(long micros) {
        if (micros < 1_000) {
            return micros + " µs";
        }
        return micros < 1_000_000 ? micros / 1_000 + " ms" : micros / 1_000_000 + " s";
    }

    private String faint(String word) {
        return colours.faint(padded(word));
    }

    private String red(String word) {
        return colours.red(padded(word));
    }

    private static String padded(String word) {
        return word + " ".repeat(Math.max(1, WIDTH + 1 - word.length()));
    }
}
