package dev.interlock.policy.cli.policy;

import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.testing.CaseResult;
import java.time.Duration;
import java.util.Locale;

/** Writes a test report in the XML format that build servers read. */
final class JunitXml {

    private final StringBuilder out = new StringBuilder();

    String write(TestReport report) {
        out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.append("<testsuites tests=\"").append(report.cases());
        out.append("\" failures=\"").append(report.failed()).append("\">\n");
        report.runs().forEach(this::write);
        return out.append("</testsuites>\n").toString();
    }

    private void write(TestRun run) {
        long failures =
                run.results().stream().filter(result -> !result.passed()).count();
        Duration took = run.results().stream().map(CaseResult::took).reduce(Duration.ZERO, Duration::plus);
        out.append("  <testsuite name=\"").append(escape(run.file()));
        out.append("\" tests=\"").append(run.results().size());
        out.append("\" failures=\"").append(failures);
        out.append("\" errors=\"0\" skipped=\"0\" time=\"")
                .append(seconds(took))
                .append("\">\n");
        run.results().forEach(result -> write(run.file(), result));
        out.append("  </testsuite>\n");
    }

    private void write(String file, CaseResult result) {
        out.append("    <testcase name=\"").append(escape(result.name()));
        out.append("\" classname=\"").append(escape(file));
        out.append("\" file=\"").append(escape(file));
        out.append("\" line=\"").append(result.line());
        out.append("\" time=\"").append(seconds(result.took()));
        CaseResult.Failure failure = result.failure().orElse(null);
        if (failure == null) {
            out.append("\"/>\n");
            return;
        }
        out.append("\">\n      <failure message=\"")
                .append(escape(failure.message()))
                .append("\">");
        out.append(escape(failure.message())).append('\n');
        if (failure.explanation() != null) {
            out.append(escape(new ExplanationText(Colours.OFF).steps(failure.explanation(), "")));
        }
        out.append("</failure>\n    </testcase>\n");
    }

    private static String seconds(Duration took) {
        return String.format(Locale.ROOT, "%.6f", took.toNanos() / 1e9);
    }

    /** Also drops characters that XML can't contain, even escaped. */
    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '&' -> escaped.append("&amp;");
                case '"' -> escaped.append("&quot;");
                case '\n' -> escaped.append("&#10;");
                case '\t' -> escaped.append("&#9;");
                default -> {
                    boolean sayable = c >= ' ' && !(c >= 0xd800 && c <= 0xdfff) && c != 0xfffe && c != 0xffff;
                    escaped.appendCodePoint(sayable ? c : 0xfffd);
                }
            }
        });
        return escaped.toString();
    }
}
