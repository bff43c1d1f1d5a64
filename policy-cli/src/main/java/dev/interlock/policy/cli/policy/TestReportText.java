package dev.interlock.policy.cli.policy;

import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.testing.CaseResult;
import dev.interlock.policy.testing.Coverage.RuleCoverage;
import java.util.List;

/** Formats a test report for people. */
final class TestReportText {

    private final Colours colours;

    TestReportText(Colours colours) {
        this.colours = colours;
    }

    String show(TestReport report) {
        StringBuilder out = new StringBuilder();
        for (TestRun run : report.runs()) {
            out.append(colours.bold(Printable.of(run.file()))).append('\n');
            run.results().forEach(result -> append(out, result));
            out.append('\n');
        }
        String summary = Count.of(report.cases(), "case") + ": " + Count.number(report.cases() - report.failed())
                + " passed, " + Count.number(report.failed()) + " failed";
        out.append(report.failed() == 0 ? colours.green(summary) : colours.red(summary))
                .append('\n');
        appendCoverage(out, report.coverage());
        return out.toString();
    }

    private void append(StringBuilder out, CaseResult result) {
        out.append(result.passed() ? colours.green("  passed  ") : colours.red("  FAILED  "))
                .append(Printable.of(result.name()))
                .append('\n');
        result.failure().ifPresent(failure -> {
            out.append("          ").append(Printable.of(failure.message())).append('\n');
            if (failure.explanation() != null) {
                out.append(new ExplanationText(colours).steps(failure.explanation(), "            "));
            }
        });
    }

    private void appendCoverage(StringBuilder out, List<RuleCoverage> rules) {
        if (rules.isEmpty()) {
            return;
        }
        long complete = rules.stream().filter(RuleCoverage::isComplete).count();
        String summary = "coverage: " + Count.number(complete) + " of " + Count.of(rules.size(), "rule")
                + " seen to deny and to pass";
        out.append(complete == rules.size() ? colours.green(summary) : colours.yellow(summary))
                .append('\n');
        for (RuleCoverage rule : rules) {
            if (!rule.isComplete()) {
                String missing = !rule.denied() && rule.passable() && !rule.passed()
                        ? "never reached "
                        : rule.denied() ? "never passed  " : "never denied  ";
                String place = rule.name().equals(rule.place().path())
                        ? "line " + rule.place().line()
                        : ExplanationText.place(rule.place());
                out.append("  ")
                        .append(missing)
                        .append(Printable.of(rule.name()))
                        .append("  ")
                        .append(colours.faint(place))
                        .append('\n');
            }
        }
    }
}
