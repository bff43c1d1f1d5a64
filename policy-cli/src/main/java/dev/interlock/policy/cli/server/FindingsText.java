package dev.interlock.policy.cli.server;

import dev.interlock.policy.Severity;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Excerpt;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Texts;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.review.Finding;
import dev.interlock.policy.yaml.Diagnostic;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Findings of a review, for people and for programs. */
final class FindingsText {

    private static final int MOST_TOOLS = 3;

    private FindingsText() {}

    /** Formats a finding, with the line to which it refers, if there is one. */
    static String show(Finding finding, String source, Excerpt excerpt, Colours colours, Screen screen) {
        // A finding without a place in the policy names its tool itself.
        boolean placed = !finding.place().path().isEmpty();
        String message = finding.message() + (placed ? tools(finding.tools()) : "");
        if (finding.place().line() > 0) {
            return excerpt.show(new Diagnostic(
                    finding.severity(),
                    finding.code().text(),
                    message,
                    finding.fix(),
                    source,
                    finding.place().line(),
                    finding.place().column(),
                    finding.place().path()));
        }
        String path = finding.place().path();
        String where = Printable.of(source) + (path.isEmpty() ? ":" : ": " + Printable.of(path) + ":");
        String fix = finding.fix();
        return screen.fit(colours.bold(where) + " " + severity(finding.severity(), colours) + " "
                + finding.code().text() + ": " + Printable.of(message + (fix == null ? "" : hint(fix))));
    }

    private static String hint(String fix) {
        return (fix.startsWith("did you mean") ? ", " : "; ") + fix;
    }

    /** The tools to which a finding in the policy applies. */
    private static String tools(List<String> tools) {
        if (tools.isEmpty()) {
            return "";
        }
        List<String> few =
                tools.stream().limit(MOST_TOOLS).map(FindingsText::shortName).toList();
        int more = tools.size() - few.size();
        return " (" + String.join(", ", few) + (more > 0 ? " and " + more + " more)" : ")");
    }

    private static String shortName(String tool) {
        String name = Printable.of(tool);
        return name.length() > 64 ? name.substring(0, 64) + "…" : name;
    }

    private static String severity(Severity severity, Colours colours) {
        return switch (severity) {
            case ERROR -> colours.red(severity.text());
            case WARNING -> colours.yellow(severity.text());
            case NOTE -> colours.faint(severity.text());
        };
    }

    static Json json(Finding finding) {
        @Nullable String fix = finding.fix();
        return new Json()
                .put("severity", finding.severity().text())
                .put("code", finding.code().text())
                .put("message", finding.message())
                .put("fix", fix)
                .put("place", Json.of(finding.place()))
                .put("tools", Texts.of(finding.tools()));
    }
}
