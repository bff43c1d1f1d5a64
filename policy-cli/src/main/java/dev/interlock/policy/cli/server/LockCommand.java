package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock lock}. */
@Command(
        name = "lock",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Compares a server's tools with what was accepted of them.",
            "A lock is begun with: interlock scan --lock FILE -- COMMAND",
        },
        footer = {"", "Each command has a --help of its own, with an example."},
        subcommands = {LockDiffCommand.class, LockAcceptCommand.class})
public final class LockCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
