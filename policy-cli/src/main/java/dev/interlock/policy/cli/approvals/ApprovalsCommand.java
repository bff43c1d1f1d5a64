package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock approvals}. */
@Command(
        name = "approvals",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Answers the tickets of calls that need a person's approval.",
            "Tickets are handed out by: interlock proxy --approvals POLICY -- COMMAND",
            "One that is kept in a store outlives the proxy, and is good for all that share the store.",
        },
        footer = {"", "Each command has a --help of its own, with an example."},
        subcommands = {ApprovalsListCommand.class, ApprovalsApproveCommand.class, ApprovalsDenyCommand.class})
public final class ApprovalsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
