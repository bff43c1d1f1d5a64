package dev.interlock.policy.cli.audit;

import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.audit.log.SyncPolicy;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --audit} and those that belong to it. */
public final class AuditOptions {

    /** When lines are forced to the disk. */
    enum When {
        CALL,
        SECOND,
        NEVER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--audit",
            paramLabel = "FILE",
            description = "Write an audit log to this file. No call is let through that it can't take down.")
    private @Nullable String file;

    @Option(
            names = "--audit-args",
            paramLabel = "PATH",
            split = ",",
            description = "An argument that stands in the log as it is, such as args.amount; 'all' for all. Without it,"
                    + " only a digest of the arguments does.")
    private List<String> arguments = List.of();

    @Option(
            names = "--audit-sync",
            paramLabel = "call|second|never",
            defaultValue = "second",
            description =
                    "When the log is forced onto the disk: before each call, each second, or never. Default: second.")
    private When sync = When.SECOND;

    @Option(
            names = "--audit-key",
            paramLabel = "KEY",
            description =
                    "A file with the key that signs the log's closing lines: an Ed25519 private key in PEM, or at least"
                            + " 32 secret bytes.")
    private @Nullable String key;

    /**
     * Returns the log; null if none is wanted.
     *
     * @throws CliException if it can't be opened
     */
    @Nullable
    public AuditLog open(PrintWriter err) {
        if (file == null) {
            if (!arguments.isEmpty() || key != null) {
                throw new CliException("--audit-args and --audit-key need --audit FILE");
            }
            return null;
        }
        try {
            AuditLog.Builder builder = AuditLog.at(InputFile.pathOf(file))
                    .arguments(redaction())
                    .sync(
                            switch (sync) {
                                case CALL -> SyncPolicy.everyDecision();
                                case SECOND -> SyncPolicy.every(Duration.ofSeconds(1));
                                case NEVER -> SyncPolicy.never();
                            })
                    .onFailure(failure -> err.println("interlock proxy: the audit log can't be written ("
                            + Printable.of(String.valueOf(failure.getMessage()))
                            + "); calls are denied until it can"));
            if (key != null) {
                builder.sealedBy(KeyFile.read(key));
            }
            return builder.open();
        } catch (IOException e) {
            throw new CliException("--audit " + file + ": " + AuditFile.unwritable(InputFile.pathOf(file), e));
        } catch (IllegalArgumentException e) {
            throw new CliException("--audit " + file + ": " + e.getMessage());
        }
    }

    private Redaction redaction() {
        if (arguments.isEmpty()) {
            return Redaction.nothing();
        }
        return arguments.equals(List.of("all")) ? Redaction.allBut() : Redaction.only(arguments.toArray(String[]::new));
    }
}
