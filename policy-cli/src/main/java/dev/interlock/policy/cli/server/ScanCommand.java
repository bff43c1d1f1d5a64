package dev.interlock.policy.cli.server;

import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.screen.Table;
import dev.interlock.policy.cli.screen.Table.Cell;
import dev.interlock.policy.cli.screen.Table.Column;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolLock.Difference;
import dev.interlock.policy.tool.ToolLock.Status;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code interlock scan}. */
@Command(
        name = "scan",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "interlock scan [OPTIONS] -- COMMAND...",
            "       interlock scan [OPTIONS] --url=URL",
            "       interlock scan [OPTIONS] --tools=FILE",
        },
        description = "Rates a server's tools, and writes a policy to begin with.",
        footer = {
            "",
            "Example:",
            "  interlock scan -- npx some-mcp-server > policy.yaml",
            "  interlock scan --url https://example.com/mcp --format table --risk high+",
            "  interlock scan --tools tools.json --lock tools.lock.json > policy.yaml",
        })
public final class ScanCommand implements Callable<Integer> {

    /** The kinds of output. */
    enum Output {
        /** One line per tool. */
        TABLE,
        /** A policy. */
        YAML,
        /** Everything, for programs. */
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Mixin
    private ServerOptions server;

    @Option(
            names = "--format",
            paramLabel = "table|yaml|json",
            defaultValue = "yaml",
            description = "A line for each tool, a policy, or everything for programs. Default: yaml.")
    private Output format = Output.YAML;

    @Option(
            names = "--risk",
            paramLabel = "LEVEL",
            converter = Risk.class,
            description = "Only tools of that risk: low, medium, high, critical, or one of them with + for all above.")
    private @Nullable RiskSelector risk;

    @Option(
            names = "--default",
            paramLabel = "allow|deny",
            defaultValue = "allow",
            description = "What the policy says of other tools. Default: allow.")
    private Posture posture = Posture.ALLOW;

    @Option(
            names = "--lock",
            paramLabel = "FILE",
            description = "Accept the definitions of all tools into this lock file, unless one in it is different.")
    private @Nullable String lock;

    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "After --: the server's command.")
    private List<String> command = List.of();

    @Spec
    private CommandSpec spec;

    /** Reads a risk such as {@code high+}. */
    static final class Risk implements ITypeConverter<RiskSelector> {
        @Override
        public RiskSelector convert(String text) {
            return RiskSelector.of(text)
                    .orElseThrow(() -> new TypeConversionException(
                            "there is no risk '" + text + "'; there are low, medium, high and critical, and high+"));
        }
    }

    @Override
    public Integer call() {
        OfferedTools offered = server.read(command);
        if (lock != null && !lockedAs(offered, new LockFile(lock))) {
            return 1;
        }
        ToolClassifier classifier = offered.classifier();
        List<RatedTool> shown = RatedTool.all(offered.definitions(), classifier).stream()
                .filter(tool -> risk == null || risk.matches(tool.rating().risk()))
                .toList();
        PrintWriter out = spec.commandLine().getOut();
        switch (format) {
            case TABLE -> table(shown, offered.source(), out);
            case JSON -> out.println(new Json().put("server", offered.source()).put("tools", shown, RatedTool::json));
            case YAML -> {
                out.print(new StarterPolicy(offered.source(), shown, posture == Posture.DENY).text());
                out.flush();
            }
        }
        return ExitCode.OK;
    }

    /** Pins the tools, unless some of them differ from what was accepted: a person must judge those. */
    private boolean lockedAs(OfferedTools offered, LockFile file) {
        ToolLock before = file.exists() ? file.read() : ToolLock.EMPTY;
        List<Difference> differences = before.diff(server.name(), offered.definitions());
        List<Difference> refused = differences.stream()
                .filter(difference -> difference.status() == Status.UNREADABLE
                        || (file.exists() && difference.status() != Status.MISSING))
                .toList();
        if (!refused.isEmpty()) {
            PrintWriter err = spec.commandLine().getErr();
            refused.forEach(difference ->
                    err.println(Screen.errorsOf(spec).fit(LockFile.show(difference, offered.definitions()))));
            err.println("interlock scan: these are not as they were accepted, so nothing was written;"
                    + " accept them with: interlock lock accept");
            return false;
        }
        file.write(before.accepting(server.name(), offered.definitions()));
        return true;
    }

    private void table(List<RatedTool> tools, String source, PrintWriter out) {
        Screen screen = Screen.of(spec);
        Table table = new Table(
                screen,
                Ansi.AUTO,
                "",
                List.of(
                        new Column("TOOL", false),
                        new Column("CATEGORY", false),
                        new Column("RISK", false),
                        new Column("WHY", false)));
        tools.stream()
                .sorted(Comparator.comparing((RatedTool tool) -> tool.rating().risk())
                        .reversed()
                        .thenComparing(RatedTool::name))
                .forEach(tool -> table.add(row(tool)));
        table.lines().forEach(out::println);
        out.println();
        out.println(screen.fit(Shortened.line(source, 200) + ": " + summary(tools)));
    }

    private static List<Cell> row(RatedTool tool) {
        List<String> factors = tool.factors();
        String why = String.join("; ", factors.subList(0, Math.min(2, factors.size())));
        return List.of(
                Cell.of(Shortened.line(tool.name(), 48)),
                Cell.of(tool.rating().category().text()),
                Cell.of(tool.rating().risk().text()),
                Cell.of(
                        tool.doubt().kind() == Doubt.Kind.NONE
                                ? why
                                : why + "; " + tool.doubt().text()));
    }

    private static String summary(List<RatedTool> tools) {
        List<String> parts = new ArrayList<>();
        for (ToolCategory category : ToolCategory.values()) {
            long count = tools.stream()
                    .filter(tool -> tool.rating().category() == category)
                    .count();
            if (count > 0) {
                parts.add(count + " " + category.text());
            }
        }
        long high = tools.stream()
                .filter(tool -> tool.rating().risk().compareTo(RiskLevel.HIGH) >= 0)
                .count();
        return Count.of(tools.size(), "tool") + (parts.isEmpty() ? "" : ": " + String.join(", ", parts)) + "; " + high
                + " of high or critical risk";
    }
}
