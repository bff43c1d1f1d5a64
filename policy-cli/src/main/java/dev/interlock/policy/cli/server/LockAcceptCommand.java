package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolLock.Difference;
import dev.interlock.policy.tool.ToolLock.Status;
import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock lock accept}. */
@Command(
        name = "accept",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "interlock lock accept [OPTIONS] LOCK -- COMMAND...",
            "       interlock lock accept [OPTIONS] LOCK --url=URL",
            "       interlock lock accept [OPTIONS] LOCK --tools=FILE",
        },
        description = {
            "Accepts the definitions that a server's tools have now.",
            "Of the tools that --tool names, or of all with --all. Read them first: interlock lock diff,"
                    + " interlock scan.",
        },
        footer = {"", "Example:", "  interlock lock accept tools.lock.json --tool get_item -- npx some-mcp-server"})
final class LockAcceptCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Mixin
    private ServerOptions server;

    @Option(names = "--tool", paramLabel = "NAME", description = "A tool to accept. May be given more than once.")
    private List<String> names = List.of();

    @Option(names = "--all", description = "Accept every tool as it is, and drop those that are no longer offered.")
    private boolean all;

    @Parameters(index = "0", paramLabel = "LOCK", description = "The lock file; it is made if there is none.")
    private String file = "";

    @Parameters(index = "1..*", paramLabel = "COMMAND", description = "After --: the server's command.")
    private List<String> command = List.of();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (all == !names.isEmpty()) {
            throw new CliException("say which tools to accept: --tool NAME, or --all");
        }
        LockFile file = new LockFile(this.file);
        ToolLock before = file.exists() ? file.read() : ToolLock.EMPTY;
        OfferedTools tools = server.read(command);
        List<Difference> accepted = before.diff(server.name(), tools.definitions()).stream()
                .filter(difference -> all || names.contains(difference.key().tool()))
                .toList();
        refuseUnknown(before, tools);
        file.write(after(before, accepted, tools));
        PrintWriter out = spec.commandLine().getOut();
        if (format.json()) {
            out.println(new Json().put("accepted", accepted, LockFile::json));
        } else {
            accepted.forEach(
                    difference -> out.println(Screen.of(spec).fit(LockFile.show(difference, tools.definitions()))));
            out.println(Count.of(accepted.size(), "difference") + " accepted");
        }
        return ExitCode.OK;
    }

    private void refuseUnknown(ToolLock before, OfferedTools tools) {
        Set<String> known = new LinkedHashSet<>();
        tools.definitions().forEach(tool -> known.add(tool.name()));
        before.pins().keySet().forEach(key -> known.add(key.tool()));
        for (String name : names) {
            if (!known.contains(name)) {
                throw new CliException("there is no tool '" + name + "'");
            }
        }
    }

    private ToolLock after(ToolLock before, List<Difference> accepted, OfferedTools tools) {
        Set<String> wanted = new LinkedHashSet<>();
        Set<String> gone = new LinkedHashSet<>();
        for (Difference difference : accepted) {
            if (difference.status() == Status.UNREADABLE) {
                throw new CliException("the definition of '" + difference.key().tool()
                        + "' can't be read as a whole, so it can't be accepted");
            }
            (difference.status() == Status.MISSING ? gone : wanted)
                    .add(difference.key().tool());
        }
        List<ToolDefinition> definitions = tools.definitions().stream()
                .filter(tool -> wanted.contains(tool.name()))
                .toList();
        return before.accepting(server.name(), definitions).without(server.name(), gone);
    }
}
