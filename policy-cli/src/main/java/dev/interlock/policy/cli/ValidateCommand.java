package dev.interlock.policy.cli;

import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.Reading;
import dev.interlock.policy.yaml.Severity;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock validate}. */
@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Reads policies and shows everything that is wrong with them.",
        footer = {
            "",
            "Example:",
            "  interlock validate policy.yaml",
            "  generate-policy | interlock validate --strict --format json -",
        })
final class ValidateCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Option(names = "--strict", description = "Count warnings as findings, too.")
    private boolean strict;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The policies; - is the standard input.")
    private List<String> files = List.of();

    @Spec
    private CommandSpec spec;

    /**
     * What came of one file.
     *
     * @param reading what was read; null if the file can't be read
     * @param failure why it can't be read; else null
     */
    private record Checked(
            String file,
            @Nullable Source source,
            @Nullable Reading reading,
            @Nullable String failure) {

        long count(Severity severity) {
            return reading == null
                    ? 0
                    : reading.diagnostics().stream()
                            .filter(diagnostic -> diagnostic.severity() == severity)
                            .count();
        }
    }

    @Override
    public Integer call() {
        List<Checked> checked = new ArrayList<>();
        for (String file : files) {
            checked.add(check(file));
        }
        if (format.json()) {
            printJson(checked);
        } else {
            printText(checked);
        }
        if (checked.stream().anyMatch(each -> each.reading() == null)) {
            return ExitCode.USAGE;
        }
        boolean findings = total(checked, Severity.ERROR) > 0 || (strict && total(checked, Severity.WARNING) > 0);
        return findings ? 1 : ExitCode.OK;
    }

    private static Checked check(String file) {
        try {
            Source source = Source.read(file);
            return new Checked(source.name(), source, source.reading(), null);
        } catch (CliException e) {
            return new Checked(file, null, null, e.text());
        }
    }

    private static long total(List<Checked> checked, Severity severity) {
        return checked.stream().mapToLong(each -> each.count(severity)).sum();
    }

    private void printText(List<Checked> checked) {
        PrintWriter out = spec.commandLine().getOut();
        Colours colours = Colours.detect();
        for (Checked each : checked) {
            if (each.source() == null || each.reading() == null) {
                spec.commandLine()
                        .getErr()
                        .println("interlock validate: " + Printable.of(String.valueOf(each.failure())));
                continue;
            }
            Excerpt excerpt = new Excerpt(each.source().text(), colours);
            for (Diagnostic diagnostic : each.reading().diagnostics()) {
                out.println(excerpt.show(diagnostic));
            }
        }
        out.println(summary(checked, colours));
    }

    private static String summary(List<Checked> checked, Colours colours) {
        long unreadable =
                checked.stream().filter(each -> each.reading() == null).count();
        long errors = total(checked, Severity.ERROR);
        long warnings = total(checked, Severity.WARNING);
        String found = errors + warnings == 0
                ? "no problems"
                : Count.of(errors, "error") + " and " + Count.of(warnings, "warning");
        String summary = Count.of(checked.size(), "file") + ": " + found
                + (unreadable == 0 ? "" : ", " + unreadable + " unreadable");
        return errors + unreadable > 0
                ? colours.red(summary)
                : warnings > 0 ? colours.yellow(summary) : colours.green(summary);
    }

    private void printJson(List<Checked> checked) {
        Json json = new Json()
                .put("errors", total(checked, Severity.ERROR))
                .put("warnings", total(checked, Severity.WARNING))
                .put("files", checked, ValidateCommand::json);
        spec.commandLine().getOut().println(json);
    }

    private static Json json(Checked each) {
        Json json = new Json().put("file", each.file());
        if (each.reading() == null) {
            return json.put("valid", false)
                    .put("failure", each.failure())
                    .put("diagnostics", List.<Diagnostic>of(), Diagnostics::json);
        }
        return json.put("valid", each.reading().isValid())
                .put("diagnostics", each.reading().diagnostics(), Diagnostics::json);
    }
}
