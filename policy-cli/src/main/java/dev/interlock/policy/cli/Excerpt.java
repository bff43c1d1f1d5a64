package dev.interlock.policy.cli;

import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.Severity;
import org.jspecify.annotations.Nullable;

/** Shows diagnostics under one another with the line that each speaks of, and a caret under the place. */
final class Excerpt {

    /** What is shown of a long line, in columns. */
    private static final int WIDTH = 96;

    private final String @Nullable [] lines;
    private final Colours colours;

    Excerpt(@Nullable String text, Colours colours) {
        String body = text != null && text.startsWith("\uFEFF") ? text.substring(1) : text;
        this.lines = body == null ? null : body.split("\r\n|[\r\n]", -1);
        this.colours = colours;
    }

    String show(Diagnostic diagnostic) {
        StringBuilder out = new StringBuilder();
        out.append(colours.bold(diagnostic.source() + ":" + diagnostic.line() + ":" + diagnostic.column() + ":"));
        out.append(' ')
                .append(severity(diagnostic.severity()))
                .append(' ')
                .append(diagnostic.code())
                .append(": ")
                .append(diagnostic.message());
        String hint = diagnostic.hint();
        if (hint != null) {
            out.append(hint.startsWith("did you mean") ? ", " : "; ").append(hint);
        }
        if (lines != null && diagnostic.line() <= lines.length && !lines[diagnostic.line() - 1].isBlank()) {
            appendLine(out, diagnostic.line(), lines[diagnostic.line() - 1], diagnostic.column());
        }
        return out.toString();
    }

    private String severity(Severity severity) {
        return switch (severity) {
            case ERROR -> colours.red(severity.text());
            case WARNING -> colours.yellow(severity.text());
            case NOTE -> colours.faint(severity.text());
        };
    }

    private void appendLine(StringBuilder out, int number, String line, int column) {
        int[] points = line.codePoints().toArray();
        int at = Math.min(column - 1, points.length);
        int from = at > WIDTH * 3 / 4 ? at - WIDTH / 2 : 0;
        int to = Math.min(points.length, from + WIDTH);
        String margin = String.format("%5d | ", number);
        out.append('\n').append(colours.faint(margin)).append(from > 0 ? "…" : "");
        StringBuilder caret = new StringBuilder(" ".repeat(margin.length() - 2) + "| ").append(from > 0 ? " " : "");
        for (int i = from; i < to; i++) {
            String shown = points[i] == '\t' ? " " : Printable.of(Character.toString(points[i]));
            out.append(shown);
            if (i < at) {
                caret.append(" ".repeat(width(points[i], shown)));
            }
        }
        out.append(to < points.length ? "…" : "");
        out.append('\n').append(colours.faint(caret.toString())).append(colours.green("^"));
    }

    /** How many columns a terminal gives a character. */
    private static int width(int point, String shown) {
        if (shown.codePointCount(0, shown.length()) > 1) {
            return shown.length();
        }
        int type = Character.getType(point);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        boolean wide = (point >= 0x1100 && point <= 0x115f)
                || (point >= 0x2e80 && point <= 0xa4cf)
                || (point >= 0xac00 && point <= 0xd7a3)
                || (point >= 0xf900 && point <= 0xfaff)
                || (point >= 0xfe30 && point <= 0xfe6f)
                || (point >= 0xff00 && point <= 0xff60)
                || (point >= 0xffe0 && point <= 0xffe6)
                || (point >= 0x1f300 && point <= 0x1faff)
                || (point >= 0x20000 && point <= 0x3fffd);
        return wide ? 2 : 1;
    }
}
