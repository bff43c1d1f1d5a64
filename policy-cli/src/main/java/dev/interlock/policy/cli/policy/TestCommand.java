package dev.interlock.policy.cli.policy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.mcp.schema.SdkSchemaValidator;
import dev.interlock.policy.testing.Coverage;
import dev.interlock.policy.testing.PolicyTestFile;
import dev.interlock.policy.tool.SchemaValidator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** {@code interlock test}. */
@Command(
        name = "test",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Runs a policy's own tests.",
            "Says which rules they leave untested. Exit code 1 if a test fails.",
        },
        footer = {
            "",
            "Example:",
            "  interlock test policy.yaml policy-tests.yaml --junit-xml target/tests.xml",
        })
public final class TestCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Parameters(paramLabel = "POLICY", index = "0", description = "The policy; - is the standard input.")
    private String policyFile = "";

    @Parameters(paramLabel = "TESTS", index = "1..*", arity = "1..*", description = "The files of tests.")
    private List<String> testFiles = List.of();

    @Option(names = "--junit-xml", paramLabel = "FILE", description = "Write a report as JUnit does.")
    private @Nullable Path junitXml;

    @Option(
            names = "--require-coverage",
            description = "Fail, too, if there is a rule that no test makes deny, or none passes.")
    private boolean coverageRequired;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Colours colours = Colours.detect();
        Policy policy = InputFile.read(policyFile).policy();
        List<PolicyTestFile> files =
                testFiles.stream().map(file -> InputFile.read(file).tests()).toList();
        Coverage coverage = new Coverage(policy);
        SchemaValidator validator = SdkSchemaValidator.ofDefaults();
        List<TestRun> runs = new ArrayList<>();
        try {
            for (PolicyTestFile file : files) {
                runs.add(new TestRun(file.name(), file.run(policy, validator, coverage)));
            }
        } catch (IllegalArgumentException e) {
            throw new CliException(policyFile + ": " + e.getMessage());
        }
        TestReport report = new TestReport(runs, coverage.rules());
        if (junitXml != null) {
            write(junitXml, new JunitXml().write(report));
        }
        if (format.json()) {
            spec.commandLine().getOut().println(report.json());
        } else {
            spec.commandLine().getOut().print(Screen.of(spec).fit(new TestReportText(colours).show(report)));
        }
        spec.commandLine().getOut().flush();
        boolean findings = report.failed() > 0 || (coverageRequired && !report.isCovered());
        return findings ? 1 : ExitCode.OK;
    }

    private static void write(Path file, String text) {
        try {
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new CliException(file + ": it can't be written (" + e.getMessage() + ")");
        }
    }
}
