package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock sessions}. */
@Command(
        name = "sessions",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows and clears the marks of agents' sessions.",
            "By default in all state that the proxies of this user keep; --state names another store.",
        },
        footer = {"", "Each command has a --help of its own, with an example."},
        subcommands = {SessionsListCommand.class, SessionsShowCommand.class, SessionsClearCommand.class})
public final class SessionsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
