package dev.interlock.policy.cli.replay;

import dev.interlock.policy.Policy;
import dev.interlock.policy.cli.audit.Input;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.CustomOption;
import dev.interlock.policy.cli.io.DocumentKind;
import dev.interlock.policy.cli.io.Format;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.io.ToolsOption;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.testing.ToolList;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;

/** {@code interlock replay}. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Runs recorded calls through a policy.",
            "The calls are decided at the times at which they were made; nothing waits. Prints a decision a line, and a"
                    + " summary to the standard error.",
            "CALLS has a call a line, with identity, session, server, rounds, outcome and approved where they matter:",
            "  {\"t\": 1767225600000, \"tool\": \"create_charge\", \"args\": {\"amount\": 5}}",
            "Or it is an audit log whose calls have all their arguments.",
        },
        footer = {
            "",
            "Example:",
            "  interlock replay policy.yaml calls.jsonl",
            "  interlock replay new.yaml calls.jsonl --against policy.yaml",
        })
public final class ReplayCommand implements Callable<Integer> {

    private static final int BUFFER = 1 << 16;

    @Mixin
    private ToolsOption tools;

    @Mixin
    private CustomOption custom;

    @Parameters(
            paramLabel = "[POLICY] CALLS",
            arity = "1..*",
            description =
                    "The policy, unless the lines bring their own, and the calls: one file or more, each audit log"
                            + " with the finished files beside it; - is the standard input.")
    private List<String> files = List.of();

    @Option(
            names = "--against",
            paramLabel = "OTHER",
            description = "Print only the calls that this policy decides otherwise, and count them.")
    private @Nullable String against;

    @Option(
            names = "--format",
            paramLabel = "text|json",
            defaultValue = "json",
            description = "How decisions are written: as JSON Lines, or for people. Default: json.")
    private Format format = Format.JSON;

    @Option(
            names = "--partial",
            description = "Replay calls of an audit log also if not all their arguments are in it.")
    private boolean partial;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Colours colours = Colours.detect();
        ToolList known = tools.read();
        String policyFile = files.size() < 2 ? null : files.get(0);
        Policy policy = policyFile == null ? null : InputFile.read(policyFile).policy();
        ReplaySession stage = new ReplaySession(policy, false, known, custom.answers());
        String other = against;
        ReplaySession otherStage =
                other == null ? null : new ReplaySession(InputFile.read(other).policy(), true, known, custom.answers());
        PrintWriter err = spec.commandLine().getErr();
        Replay replay = new Replay(stage, otherStage, err);
        List<Input> inputs = Input.of(policyFile == null ? files : files.subList(1, files.size()));
        inputs.forEach(input -> refuseOthers(input, policyFile));
        try (DecisionSink sink = sink(colours)) {
            replay(replay, inputs, sink);
        } catch (IOException e) {
            throw new CliException("the calls can't be read (" + e.getMessage() + ")");
        } catch (JacksonException e) {
            // The reader of the output has gone: there is no error to report, and no one to read it.
            return ExitCode.USAGE;
        }
        err.println(Screen.errorsOf(spec)
                .fit(replay.summary(policyFile == null ? "the lines' own policies" : policyFile, other)));
        err.flush();
        return replay.exitCode();
    }

    /** Refuses a file that is clearly not a recording, instead of reporting each of its lines. */
    private static void refuseOthers(Input input, @Nullable String policyFile) {
        DocumentKind kind = input.kind();
        if (policyFile != null) {
            if (kind.isKnown() && kind != DocumentKind.LOG && kind != DocumentKind.CALLS) {
                throw kind.insteadOf("a recording of calls", input.name());
            }
        } else if (kind == DocumentKind.POLICY) {
            throw new CliException(input.name() + " is a policy, and no calls were given to replay; name them after it:"
                    + " interlock replay " + input.name() + " CALLS");
        } else if (kind == DocumentKind.LOG) {
            throw new CliException(
                    input.name() + " is an audit log, and no policy was given to decide its calls; name it"
                            + " first: interlock replay POLICY " + input.name());
        } else if (kind.isKnown() && kind != DocumentKind.CALLS) {
            throw kind.insteadOf("a recording of calls", input.name());
        }
    }

    private void replay(Replay replay, List<Input> inputs, DecisionSink sink) throws IOException {
        // Read all files before the first is replayed: a call's outcome may be in a later file.
        AuditedCalls audited = new AuditedCalls(partial);
        try {
            Set<Input> logs = new HashSet<>();
            for (Input input : inputs) {
                if (input.kind() == DocumentKind.LOG) {
                    logs.add(input);
                    input.keep();
                    try (InputStream in = input.open()) {
                        audited.read(new Lines(in));
                    }
                }
            }
            for (Input input : inputs) {
                try (InputStream in = input.open()) {
                    RecordingReader reader = new RecordingReader(logs.contains(input) ? audited : null);
                    replay.run(inputs.size() == 1 ? null : input.name(), new Lines(in), reader, sink);
                } catch (IOException e) {
                    throw new CliException(InputFile.reason(input.name(), e));
                }
            }
        } finally {
            for (Input input : inputs) {
                input.close();
            }
        }
    }

    private DecisionSink sink(Colours colours) {
        return format == Format.JSON
                ? new DecisionLog(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER))
                : new DecisionText(spec.commandLine().getOut(), colours, Screen.of(spec));
    }
}
