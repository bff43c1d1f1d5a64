package dev.interlock.policy.cli.state;

import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.SyncPolicy;
import dev.interlock.policy.cli.audit.AuditFile;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.cli.io.Person;
import dev.interlock.policy.cli.io.PersonOption;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who changes what a store keeps, and where that is put on record. */
final class ChangeOptions {

    @Mixin
    private PersonOption person = new PersonOption();

    @Option(
            names = "--audit",
            paramLabel = "FILE",
            description = "Put the change on record in this audit log. Nothing is changed if it can't be opened.")
    private @Nullable String file;

    /** Who makes the change, for the record. */
    String by() {
        return Person.running(person.said());
    }

    /**
     * Opens the record.
     *
     * @throws CliException if the log can't be opened
     */
    ChangeRecord open() {
        if (file == null) {
            return new ChangeRecord(null, by());
        }
        try {
            return new ChangeRecord(
                    AuditLog.at(InputFile.pathOf(file))
                            .sync(SyncPolicy.everyDecision())
                            .open(),
                    by());
        } catch (IOException e) {
            throw new CliException("--audit " + file + ": " + AuditFile.unwritable(InputFile.pathOf(file), e));
        }
    }
}
