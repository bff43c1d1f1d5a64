package dev.interlock.policy.cli;

import dev.interlock.policy.cli.demo.DemoCommand;
import dev.interlock.policy.cli.demo.DemoServerCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code interlock} command: without a subcommand it only tells how it is used. */
@Command(
        name = "interlock",
        description = "Checks, explains and tries out policies for MCP tool calls.",
        mixinStandardHelpOptions = true,
        subcommands = {DemoCommand.class, DemoServerCommand.class},
        versionProvider = Version.class)
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    private Main() {}

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param args the words after the command's name
     */
    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main());
    }

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
