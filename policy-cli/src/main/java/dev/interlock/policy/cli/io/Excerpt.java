package dev.interlock.policy.cli.io;

import dev.interlock.policy.Severity;
import dev.interlock.policy.cli.screen.Columns;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.yaml.Diagnostic;
import org.jspecify.annotations.Nullable;

/** Shows diagnostics, each with the line to which it refers and a caret under the place. */
public final class Excerpt {

    /** The most columns of a long line that are shown. */
    private static final int MOST = 96;

    private static final int LEAST = 20;

    /** The width in an error, for a terminal of the usual width: it is unknown where the error is shown. */
    private static final int IN_ERRORS = 70;

    /** The columns for the line's number, and for a mark at either end of the shown part. */
    private static final int BESIDE = 10;

    private final String @Nullable [] lines;
    private final Colours colours;
    private final Screen screen;
    private final int width;

    private Excerpt(@Nullable String text, Colours colours, Screen screen, int width) {
        String body = text != null && text.startsWith("\uFEFF") ? text.substring(1) : text;
        this.lines = body == null ? null : body.split("\r\n|[\r\n]", -1);
        this.colours = colours;
        this.screen = screen;
        this.width = width;
    }

    /** Excerpts for a screen. */
    public Excerpt(@Nullable String text, Colours colours, Screen screen) {
        this(text, colours, screen, Math.max(LEAST, Math.min(MOST, screen.width() - BESIDE)));
    }

    /** Excerpts that become part of an error. Without colours, and unwrapped: the error is wrapped later. */
    static Excerpt inError(String text) {
        return new Excerpt(text, Colours.OFF, Screen.of(Screen.UNBOUNDED), IN_ERRORS);
    }

    /** Formats the diagnostic to fit the screen. */
    public String show(Diagnostic diagnostic) {
        StringBuilder out = new StringBuilder();
        out.append(colours.bold(
                Printable.of(diagnostic.source()) + ":" + diagnostic.line() + ":" + diagnostic.column() + ":"));
        out.append(' ')
                .append(severity(diagnostic.severity()))
                .append(' ')
                .append(diagnostic.code())
                .append(": ")
                .append(Printable.of(diagnostic.message()));
        String hint = diagnostic.hint();
        if (hint != null) {
            out.append(hint.startsWith("did you mean") ? ", " : "; ").append(Printable.of(hint));
        }
        out.replace(0, out.length(), screen.fit(out.toString()));
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
        int from = at;
        int before = 0;
        // If the place is far to the right, half of the shown part precedes it.
        int most = at > width * 3 / 4 ? width / 2 : width;
        while (from > 0 && before + width(points[from - 1]) <= most) {
            before += width(points[--from]);
        }
        String margin = String.format("%5d | ", number);
        out.append('\n').append(colours.faint(margin)).append(from > 0 ? "…" : "");
        int used = 0;
        int to = from;
        for (; to < points.length && used + width(points[to]) <= width; to++) {
            used += width(points[to]);
            out.append(shown(points[to]));
        }
        out.append(to < points.length ? "…" : "");
        String blank = " ".repeat(margin.length() - 2) + "| " + " ".repeat((from > 0 ? 1 : 0) + before);
        out.append('\n').append(colours.faint(blank)).append(colours.green("^"));
    }

    private static String shown(int point) {
        return point == '\t' ? " " : Printable.of(Character.toString(point));
    }

    /** How many columns a character takes on a terminal, in the form in which it is shown. */
    private static int width(int point) {
        String shown = shown(point);
        return shown.codePointCount(0, shown.length()) > 1 ? shown.length() : Columns.of(shown.codePointAt(0));
    }
}
