package dev.interlock.policy.cli.audit;

import dev.interlock.policy.audit.log.LogHead;
import dev.interlock.policy.audit.log.LogVerifier;
import dev.interlock.policy.audit.log.Verification;
import dev.interlock.policy.audit.log.Verification.LogFinding;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock audit verify}. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Finds lines that were changed, removed, moved or cut off.",
            "Reads FILE and the finished files beside it. Exit code 1 if there are such lines.",
            "Prints the log's head: the number and hash of its last line. Give that to a later run with --head, and"
                    + " it finds out if lines up to there are gone or not the same.",
        },
        footer = {
            "",
            "Example:",
            "  interlock audit verify audit.jsonl",
            "  interlock audit verify audit.jsonl --key public.pem --head 1204:6f0c…",
        })
final class AuditVerifyCommand implements Callable<Integer> {

    @Mixin
    private FormatOption format;

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description =
                    "The log, or several, each by itself; - is a log on the standard input, its files in their order.")
    private List<String> files = List.of();

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description =
                    "A file with the key that closing lines must be signed by: an Ed25519 public key in PEM, or the"
                            + " secret of an HMAC.")
    private @Nullable String key;

    @Option(names = "--head", paramLabel = "HEAD", description = "A head that the log has had.")
    private @Nullable String head;

    @Option(
            names = "--unclosed",
            description = "It is all right that the log has no closing line: its process was killed.")
    private boolean unclosed;

    @Option(
            names = "--pruned",
            description = "It is all right that the first files are gone: they were removed on purpose.")
    private boolean pruned;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (files.size() > 1 && head != null) {
            throw new ParameterException(spec.commandLine(), "--head is one log's: give it with that log alone");
        }
        boolean intact = true;
        for (String file : files) {
            if (!file.equals(Input.STANDARD)) {
                Input.logs(List.of(file));
            }
            intact &= isIntact(file);
        }
        return intact ? ExitCode.OK : 1;
    }

    private boolean isIntact(String file) {
        if (!file.equals(Input.STANDARD)) {
            return isIntact(file, InputFile.pathOf(file));
        }
        try (Input standard = Input.logs(List.of(file)).get(0)) {
            return isIntact(standard.name(), standard.keep());
        } catch (IOException e) {
            throw new CliException(InputFile.reason("<stdin>", e));
        }
    }

    private boolean isIntact(String name, Path log) {
        LogVerifier verifier = LogVerifier.of(log).unclosed(unclosed).pruned(pruned);
        if (key != null) {
            verifier.key(KeyFile.read(key));
        }
        if (head != null) {
            try {
                verifier.head(LogHead.parse(head));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--head: " + e.getMessage());
            }
        }
        Verification found;
        try {
            found = verifier.verify();
        } catch (IOException e) {
            throw new CliException(InputFile.reason(name, e));
        }
        if (format.json()) {
            spec.commandLine().getOut().println(json(log, name, found));
        } else {
            show(log, name, found);
        }
        return found.intact();
    }

    private void show(Path log, String name, Verification found) {
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(spec);
        Colours colours = Colours.detect();
        for (LogFinding finding : found.findings()) {
            out.println(screen.fit(colours.bold(where(log, name, finding)) + " " + colours.red(text(finding)) + ": "
                    + Printable.of(finding.message())));
        }
        for (LogFinding note : found.notes()) {
            out.println(screen.fit(colours.bold(where(log, name, note)) + " " + colours.faint("note") + ": "
                    + Printable.of(note.message())));
        }
        out.println((files.size() == 1 ? "" : Printable.of(name) + ": ") + Count.of(found.lines(), "line") + " in "
                + Count.of(found.files().size(), "file") + ": "
                + (found.intact()
                        ? colours.green("intact")
                        : Count.of(found.findings().size(), "finding")));
        out.println("head " + found.head());
    }

    private static String where(Path log, String name, LogFinding finding) {
        return Printable.of(file(log, name, finding)) + ":" + finding.line() + ":";
    }

    /** Standard input was kept in a temporary file, whose name means nothing to the user. */
    private static String file(Path log, String name, LogFinding finding) {
        return log.toString().equals(name) || !finding.file().equals(log)
                ? String.valueOf(finding.file().getFileName())
                : name;
    }

    private static String text(LogFinding finding) {
        return finding.kind().name().toLowerCase(Locale.ROOT);
    }

    private static Json json(Path log, String name, Verification found) {
        return new Json()
                .put("intact", found.intact())
                .put("lines", found.lines())
                .put("files", found.files().size())
                .put("head", found.head().toString())
                .put("findings", found.findings(), finding -> json(log, name, finding))
                .put("notes", found.notes(), finding -> json(log, name, finding));
    }

    private static Json json(Path log, String name, LogFinding finding) {
        return new Json()
                .put("file", file(log, name, finding))
                .put("line", finding.line())
                .put("kind", text(finding))
                .put("message", finding.message());
    }
}
