package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.tool.ToolLock.Difference;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock lock diff}. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "interlock lock diff [OPTIONS] LOCK -- COMMAND...",
            "       interlock lock diff [OPTIONS] LOCK --url=URL",
            "       interlock lock diff [OPTIONS] LOCK --tools=FILE",
        },
        description = {"Shows which tools are not as they were accepted.", "Exit code 1 if there are any."},
        footer = {"", "Example:", "  interlock lock diff tools.lock.json -- npx some-mcp-server"})
final class LockDiffCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Mixin
    private ServerOptions server;

    @Parameters(index = "0", paramLabel = "LOCK", description = "The lock file.")
    private String file = "";

    @Parameters(index = "1..*", paramLabel = "COMMAND", description = "After --: the server's command.")
    private List<String> command = List.of();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        LockFile lock = new LockFile(file);
        var accepted = lock.read();
        OfferedTools tools = server.read(command);
        List<Difference> differences = accepted.diff(server.name(), tools.definitions());
        PrintWriter out = spec.commandLine().getOut();
        if (format.json()) {
            out.println(new Json().put("differences", differences, LockFile::json));
        } else {
            differences.forEach(
                    difference -> out.println(Screen.of(spec).fit(LockFile.show(difference, tools.definitions()))));
            out.println(
                    differences.isEmpty()
                            ? Count.of(tools.definitions().size(), "tool") + ", all as accepted"
                            : Count.of(differences.size(), "difference") + "; accept with: interlock lock accept");
        }
        return differences.isEmpty() ? ExitCode.OK : 1;
    }
}
