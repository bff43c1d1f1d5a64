package dev.interlock.policy.cli.server;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Severity;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Excerpt;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.review.Finding;
import dev.interlock.policy.review.PolicyReview;
import dev.interlock.policy.review.ServerTools;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock check}. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "interlock check [OPTIONS] POLICY -- COMMAND...",
            "       interlock check [OPTIONS] POLICY --url=URL",
            "       interlock check [OPTIONS] POLICY --tools=FILE",
        },
        description = {
            "Finds what is wrong between a policy and a server's tools.",
            "Such as names and arguments that no tool has, conditions that can't come out otherwise, rules and limits"
                    + " that are never reached, and risky tools that nothing covers. Exit code 1 if there are errors.",
        },
        footer = {
            "",
            "Example:",
            "  interlock check policy.yaml --server -- npx some-mcp-server",
            "  interlock check policy.yaml --url https://example.com/mcp --header-file token",
            "  interlock check policy.yaml --tools tools.json --strict --format json",
            "  interlock check policy.yaml --tools gh.json --name gh --also files=files.json",
        })
public final class CheckCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Mixin
    private ServerOptions server;

    @Option(
            names = "--also",
            paramLabel = "NAME=FILE",
            description = "The tools of one more server that the policy is for, as a saved list, with the name by which"
                    + " policies know the server. May be given several times.")
    private Map<String, String> others = new LinkedHashMap<>();

    @Option(names = "--strict", description = "Count warnings as findings, too.")
    private boolean strict;

    @Parameters(index = "0", paramLabel = "POLICY", description = "The policy; - is the standard input.")
    private String file = "";

    @Parameters(index = "1..*", paramLabel = "COMMAND", description = "After --: the server's command.")
    private List<String> command = List.of();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Colours colours = Colours.detect();
        InputFile source = InputFile.read(file);
        Policy policy = source.policy();
        OfferedTools first = server.read(command);
        List<ServerTools> servers = new ArrayList<>(List.of(first.named(server.name())));
        Map<String, ToolRating> ratings = new HashMap<>(first.ratings());
        List<ToolDefinition> definitions = new ArrayList<>(first.definitions());
        others.forEach((name, list) -> {
            OfferedTools other = OfferedTools.inFile(list);
            servers.add(other.named(name));
            definitions.addAll(other.definitions());
            // Ratings go by the tool's name alone. If two lists differ, neither can be meant for both.
            other.ratings().forEach((tool, rating) -> {
                if (!rating.equals(ratings.getOrDefault(tool, rating))) {
                    throw new CliException("the lists rate the tool " + tool + " in different ways");
                }
                ratings.put(tool, rating);
            });
        });
        OfferedTools tools = new OfferedTools(first.source(), definitions, ratings);
        List<Finding> findings = review(policy, servers, tools);
        PrintWriter out = spec.commandLine().getOut();
        if (format.json()) {
            out.println(new Json()
                    .put("policy", source.name())
                    .put("server", tools.source())
                    .put("tools", tools.definitions().size())
                    .put("errors", count(findings, Severity.ERROR))
                    .put("warnings", count(findings, Severity.WARNING))
                    .put("findings", findings, FindingsText::json));
        } else {
            Screen screen = Screen.of(spec);
            Excerpt excerpt = new Excerpt(source.text(), colours, screen);
            findings.forEach(
                    finding -> out.println(FindingsText.show(finding, source.name(), excerpt, colours, screen)));
            out.println(summary(findings, tools, colours));
        }
        boolean found = count(findings, Severity.ERROR) > 0 || (strict && count(findings, Severity.WARNING) > 0);
        return found ? 1 : ExitCode.OK;
    }

    private static List<Finding> review(Policy policy, List<ServerTools> servers, OfferedTools tools) {
        try {
            return PolicyReview.of(policy, servers, tools.classifier()).findings();
        } catch (IllegalArgumentException e) {
            throw new CliException(String.valueOf(e.getMessage()));
        }
    }

    private static long count(List<Finding> findings, Severity severity) {
        return findings.stream()
                .filter(finding -> finding.severity() == severity)
                .count();
    }

    private static String summary(List<Finding> findings, OfferedTools tools, Colours colours) {
        long errors = count(findings, Severity.ERROR);
        long warnings = count(findings, Severity.WARNING);
        String found = errors + warnings == 0
                ? "no problems"
                : Count.of(errors, "error") + " and " + Count.of(warnings, "warning");
        String summary = Count.of(tools.definitions().size(), "tool") + ": " + found;
        return errors > 0 ? colours.red(summary) : warnings > 0 ? colours.yellow(summary) : colours.green(summary);
    }
}
