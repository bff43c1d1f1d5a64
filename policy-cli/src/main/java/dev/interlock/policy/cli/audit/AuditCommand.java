package dev.interlock.policy.cli.audit;

import dev.interlock.policy.cli.io.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock audit}. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Verifies audit logs, and shows what is in them.",
        footer = {"", "Each command has a --help of its own, with an example."},
        subcommands = {AuditVerifyCommand.class, AuditStatsCommand.class, AuditTailCommand.class})
public final class AuditCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
