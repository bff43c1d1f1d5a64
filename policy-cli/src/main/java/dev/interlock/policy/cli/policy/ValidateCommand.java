package dev.interlock.policy.cli.policy;

import dev.interlock.policy.Severity;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.DocumentKind;
import dev.interlock.policy.cli.io.Excerpt;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.ReadResult;
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
        description = {"Shows everything that is wrong with policies.", "Exit code 1 if there are errors."},
        footer = {
            "",
            "Example:",
            "  interlock validate policy.yaml",
            "  generate-policy | interlock validate --strict --format json -",
        })
public final class ValidateCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Option(names = "--strict", description = "Count warnings as findings, too.")
    private boolean strict;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The policies; - is the standard input.")
    private List<String> files = List.of();

    @Spec
    private CommandSpec spec;

    /**
     * The result for one file.
     *
     * @param reading what was read; null if the file can't be read
     * @param failure why it can't be read; otherwise null
     */
    private record Checked(
            String file,
            @Nullable InputFile source,
            @Nullable ReadResult reading,
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
        if (unreadable(checked) > 0) {
            return ExitCode.USAGE;
        }
        boolean findings = total(checked, Severity.ERROR) > 0 || (strict && total(checked, Severity.WARNING) > 0);
        return findings ? 1 : ExitCode.OK;
    }

    private static Checked check(String file) {
        try {
            InputFile source = InputFile.read(file);
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
                complain(String.valueOf(each.failure()));
                continue;
            }
            DocumentKind kind = each.source().kind();
            if (!each.reading().isValid() && kind.isKnown() && kind != DocumentKind.POLICY) {
                complain(kind.insteadOf("a policy", each.file()).text());
            }
            Excerpt excerpt = new Excerpt(each.source().text(), colours, Screen.of(spec));
            for (Diagnostic diagnostic : each.reading().diagnostics()) {
                out.println(excerpt.show(diagnostic));
            }
        }
        out.println(summary(checked, colours));
    }

    private void complain(String problem) {
        String line = "interlock validate: " + Printable.of(problem);
        spec.commandLine().getErr().println(Screen.errorsOf(spec).fit(line));
    }

    private static String summary(List<Checked> checked, Colours colours) {
        long unreadable = unreadable(checked);
        long errors = total(checked, Severity.ERROR);
        long warnings = total(checked, Severity.WARNING);
        String files = Count.of(checked.size(), "file") + ": ";
        if (unreadable > 0) {
            long read = checked.size() - unreadable;
            String rest =
                    read == 0 ? "" : "; " + found(errors, warnings) + " in the " + (read == 1 ? "other" : "others");
            return colours.red(files + Count.number(unreadable) + " can't be read" + rest);
        }
        String summary = files + (errors + warnings == 0 ? "no problems" : found(errors, warnings));
        return errors > 0 ? colours.red(summary) : warnings > 0 ? colours.yellow(summary) : colours.green(summary);
    }

    private static String found(long errors, long warnings) {
        return Count.of(errors, "error") + " and " + Count.of(warnings, "warning");
    }

    private static long unreadable(List<Checked> checked) {
        return checked.stream().filter(each -> each.reading() == null).count();
    }

    private void printJson(List<Checked> checked) {
        Json json = new Json()
                .put("errors", total(checked, Severity.ERROR))
                .put("warnings", total(checked, Severity.WARNING))
                .put("unreadable", unreadable(checked))
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
