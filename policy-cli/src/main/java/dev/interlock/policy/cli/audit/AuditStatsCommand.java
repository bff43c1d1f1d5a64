package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock audit stats}. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Counts decisions, denials by rule, calls by tool, and times.",
            "Reads FILE and the finished files beside it. Exit code 1 if lines can't be read.",
        },
        footer = {"", "Example:", "  interlock audit stats audit.jsonl --top 20"})
final class AuditStatsCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The log, or several; - is the standard input.")
    private List<String> files = List.of();

    @Option(names = "--top", paramLabel = "N", defaultValue = "10", description = "How many of each. Default: 10.")
    private int top = 10;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        AuditStats stats = new AuditStats();
        for (Input each : Input.logs(files)) {
            try (each;
                    InputStream in = each.open()) {
                read(new Lines(in), stats);
            } catch (IOException e) {
                throw new CliException(InputFile.reason(each.name(), e));
            }
        }
        spec.commandLine()
                .getOut()
                .println(format.json() ? stats.json(top) : Screen.of(spec).fit(stats.text(top)));
        return stats.isDamaged() ? 1 : ExitCode.OK;
    }

    private static void read(Lines lines, AuditStats stats) throws IOException {
        while (lines.next()) {
            AuditLine line = lines.isTooLong() ? null : AuditLine.read(lines.buffer(), lines.offset(), lines.length());
            if (line == null) {
                stats.unreadable();
            } else {
                stats.add(line);
            }
        }
    }
}
