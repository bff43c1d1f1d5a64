package dev.interlock.policy.cli.policy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.io.AtFile;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.CustomOption;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.cli.io.ToolsOption;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.state.AskedState;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.mcp.schema.SdkSchemaValidator;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.testing.PolicySimulator;
import dev.interlock.policy.testing.ToolList;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Value;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock explain}. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Says how a policy decides one call, or another request, and why.",
            "The limits stand as if no call had been made before, or, with --kept or --state, as they do now.",
        },
        customSynopsis = "interlock explain [OPTIONS] (--tool=T | --method=M) POLICY",
        footer = {
            "",
            "Example:",
            "  interlock explain policy.yaml --tool create_charge --args '{\"amount\": 5000}'",
            "  interlock explain policy.yaml --tool create_charge --args @call.json",
            "  interlock explain policy.yaml --tool create_charge --identity bot --kept",
        })
public final class ExplainCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Mixin
    private ToolsOption tools;

    @Mixin
    private CustomOption custom;

    @Parameters(paramLabel = "POLICY", description = "The policy; - is the standard input.")
    private String policy = "";

    @ArgGroup(multiplicity = "1")
    private Asked asked = new Asked();

    /** What is decided about. */
    private static final class Asked {
        @Option(names = "--tool", paramLabel = "T", required = true, description = "The tool that is called.")
        private @Nullable String tool;

        @Option(
                names = "--method",
                paramLabel = "M",
                required = true,
                description = "The method of a client's request that is no call of a tool.")
        private @Nullable String method;

        String kind() {
            return method == null ? "tool" : "method";
        }

        String name() {
            return method != null ? method : String.valueOf(tool);
        }
    }

    @Option(
            names = "--args",
            paramLabel = "JSON",
            defaultValue = "{}",
            description = "The arguments, or a request's parameters, or @FILE that holds them. Default: {}.")
    private String arguments = "{}";

    @Option(names = "--identity", paramLabel = "I", description = "Who calls.")
    private @Nullable String identity;

    @Option(names = "--session", paramLabel = "S", description = "The agent session.")
    private @Nullable String session;

    @Option(names = "--server", paramLabel = "S", description = "The server that is called.")
    private @Nullable String server;

    @Option(
            names = "--context",
            paramLabel = "JSON",
            defaultValue = "{}",
            description = "What conditions read as ctx.<key>, or @FILE that holds it.")
    private String context = "{}";

    @Option(names = "--risk", paramLabel = "RISK", description = "The tool's risk: low, medium, high or critical.")
    private @Nullable String risk;

    @Option(
            names = "--category",
            paramLabel = "CATEGORY",
            description = "The tool's category: read, write, execute, destructive or financial.")
    private @Nullable String category;

    @Option(names = "--at", paramLabel = "TIME", description = "When: 2026-01-31T12:00:00Z. Default: now.")
    private @Nullable String at;

    @Mixin
    private AskedState state;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Colours colours = Colours.detect();
        ToolCall call =
                call(AtFile.text(arguments, "--args"), JsonText.read(AtFile.text(context, "--context"), "--context"));
        Explanation explanation = explain(call);
        if (format.json()) {
            spec.commandLine().getOut().println(Explanations.json(asked.kind(), asked.name(), explanation));
        } else {
            spec.commandLine()
                    .getOut()
                    .print(Screen.of(spec)
                            .fit(new ExplanationText(colours).show(asked.kind(), asked.name(), explanation)));
        }
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }

    private Explanation explain(ToolCall call) {
        long time = time();
        if (!state.isGiven()) {
            return explain(call, null, time);
        } else if (at != null) {
            throw new CliException("--at: a store has the counts of now alone");
        }
        return state.with(policy, server, store -> explain(call, store, time));
    }

    private Explanation explain(ToolCall call, @Nullable StateStore store, long time) {
        PolicySimulator simulator = simulator(store);
        simulator.moveTo(time);
        simulator.answering(custom.answers());
        return simulator.explain(call);
    }

    private ToolCall call(String json, Value said) {
        if (!(said instanceof dev.interlock.policy.value.ObjectValue about)) {
            throw new CliException("--context: this must be a JSON object");
        }
        ToolCall call = ToolCall.of(asked.name(), JsonText.object(json, "--args"));
        if (asked.method != null) {
            return ToolCall.standingFor(MethodCall.of(asked.method)
                    .with(call.arguments())
                    .by(identity)
                    .in(session)
                    .on(server)
                    .with(about));
        }
        return call.by(identity).in(session).on(server).with(about);
    }

    private PolicySimulator simulator(@Nullable StateStore store) {
        try {
            Policy read = InputFile.read(policy).policy();
            ToolList known = tools.read();
            Map<String, ToolRating> ratings = new HashMap<>(known.ratings());
            if (risk != null || category != null) {
                ratings.put(asked.name(), ToolList.rating(asked.name(), category, risk));
            }
            ToolList rated = new ToolList(known.definitions(), ratings);
            SchemaValidator validator = SdkSchemaValidator.ofDefaults();
            Set<String> answered = custom.answers().keySet();
            return store == null
                    ? new PolicySimulator(read, rated, validator, answered)
                    : new PolicySimulator(read, rated, validator, answered, store);
        } catch (IllegalArgumentException e) {
            throw new CliException(String.valueOf(e.getMessage()));
        }
    }

    private long time() {
        if (at == null) {
            return System.currentTimeMillis();
        }
        try {
            return Instant.parse(at).toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw new CliException("--at: '" + at + "' is not a time; write 2026-01-31T12:00:00Z");
        }
    }
}
