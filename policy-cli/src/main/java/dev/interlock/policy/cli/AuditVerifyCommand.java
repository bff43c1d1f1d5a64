package dev.interlock.policy.cli;

import dev.interlock.policy.audit.log.Head;
import dev.interlock.policy.audit.log.LogVerifier;
import dev.interlock.policy.audit.log.Verification;
import dev.interlock.policy.audit.log.Verification.Finding;
import java.io.IOException;
import java.io.PrintWriter;
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
            "Finds lines of an audit log that were changed, removed, moved or cut off, in FILE and the finished files",
            "beside it. Exit code 1 if there are any. Prints the log's head: the number and hash of its last line. Give",
            "that to a later run with --head, and it will find it out if lines up to there are gone or not the same.",
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

    @Parameters(index = "0", paramLabel = "FILE", description = "The log.")
    private String file = "";

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
        LogVerifier verifier =
                LogVerifier.of(AuditFile.path(file)).unclosed(unclosed).pruned(pruned);
        if (key != null) {
            verifier.key(KeyFile.read(key));
        }
        if (head != null) {
            try {
                verifier.head(Head.parse(head));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--head: " + e.getMessage());
            }
        }
        Verification found;
        try {
            found = verifier.verify();
        } catch (IOException e) {
            throw new CliException(Source.reason(file, e));
        }
        if (format.json()) {
            spec.commandLine().getOut().println(json(found));
        } else {
            show(found);
        }
        return found.intact() ? ExitCode.OK : 1;
    }

    private void show(Verification found) {
        PrintWriter out = spec.commandLine().getOut();
        Colours colours = Colours.detect();
        for (Finding finding : found.findings()) {
            out.println(colours.bold(where(finding)) + " " + colours.red(text(finding)) + ": " + finding.message());
        }
        for (Finding note : found.notes()) {
            out.println(colours.bold(where(note)) + " " + colours.faint("note") + ": " + note.message());
        }
        out.println(Count.of(found.lines(), "line") + " in "
                + Count.of(found.files().size(), "file") + ": "
                + (found.intact()
                        ? colours.green("intact")
                        : Count.of(found.findings().size(), "finding")));
        out.println("head " + found.head());
    }

    private static String where(Finding finding) {
        return Printable.of(name(finding)) + ":" + finding.line() + ":";
    }

    private static String name(Finding finding) {
        return String.valueOf(finding.file().getFileName());
    }

    private static String text(Finding finding) {
        return finding.kind().name().toLowerCase(Locale.ROOT);
    }

    private static Json json(Verification found) {
        return new Json()
                .put("intact", found.intact())
                .put("lines", found.lines())
                .put("files", found.files().size())
                .put("head", found.head().toString())
                .put("findings", found.findings(), AuditVerifyCommand::json)
                .put("notes", found.notes(), AuditVerifyCommand::json);
    }

    private static Json json(Finding finding) {
        return new Json()
                .put("file", name(finding))
                .put("line", finding.line())
                .put("kind", text(finding))
                .put("message", finding.message());
    }
}
