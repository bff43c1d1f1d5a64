package dev.interlock.policy.cli;

import dev.interlock.policy.cli.approvals.ApprovalsCommand;
import dev.interlock.policy.cli.audit.AuditCommand;
import dev.interlock.policy.cli.demo.DemoCommand;
import dev.interlock.policy.cli.demo.DemoServerCommand;
import dev.interlock.policy.cli.io.Failures;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.policy.ExplainCommand;
import dev.interlock.policy.cli.policy.SchemaCommand;
import dev.interlock.policy.cli.policy.TestCommand;
import dev.interlock.policy.cli.policy.ValidateCommand;
import dev.interlock.policy.cli.proxy.ProxyCommand;
import dev.interlock.policy.cli.replay.ReplayCommand;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.screen.ScreenHelp;
import dev.interlock.policy.cli.server.CheckCommand;
import dev.interlock.policy.cli.server.LockCommand;
import dev.interlock.policy.cli.server.ScanCommand;
import dev.interlock.policy.cli.state.LimitsCommand;
import dev.interlock.policy.cli.state.ResumeCommand;
import dev.interlock.policy.cli.state.SessionsCommand;
import dev.interlock.policy.cli.state.SuspendCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code interlock} command. Without a subcommand, it only prints its usage. */
@Command(
        name = "interlock",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Checks, explains and tries out policies for MCP tool calls.",
        subcommands = {
            ValidateCommand.class,
            ExplainCommand.class,
            TestCommand.class,
            ReplayCommand.class,
            SchemaCommand.class,
            ProxyCommand.class,
            ApprovalsCommand.class,
            LimitsCommand.class,
            SessionsCommand.class,
            SuspendCommand.class,
            ResumeCommand.class,
            ScanCommand.class,
            CheckCommand.class,
            LockCommand.class,
            AuditCommand.class,
            DemoCommand.class,
            DemoServerCommand.class,
        },
        footer = {
            "",
            "Each command has a --help of its own, with an example.",
            "Exit codes: 0 all is well, 1 something was found, 2 wrong usage or unreadable input.",
        })
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
        CommandLine command = commandLine(Screen.ofOutput(), Screen.ofError());
        // Always UTF-8: a program reads the output as often as a terminal shows it.
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        int code = command.setOut(out).setErr(err).execute(args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    private static PrintWriter writer(FileDescriptor stream) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(stream), StandardCharsets.UTF_8), true);
    }

    static CommandLine commandLine(Screen output, Screen error) {
        CommandLine command = new CommandLine(new Main());
        Screen.use(command.getCommandSpec(), output, error);
        return command
                // Only some options read a file after @.
                .setExpandAtFiles(false)
                .setHelpFactory(ScreenHelp::of)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(new Failures())
                .setExecutionExceptionHandler(new Failures());
    }

    @Override
    public Integer call() {
        CommandLine self = spec.commandLine();
        self.usage(self.getErr());
        return ExitCode.USAGE;
    }
}
