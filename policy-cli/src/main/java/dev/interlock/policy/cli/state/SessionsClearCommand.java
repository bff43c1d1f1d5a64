package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.state.StoresOption.Named;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock sessions clear}. */
@Command(
        name = "clear",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Takes all marks from a session.",
            "What the session has seen holds nothing back any more, and allows nothing any more.",
        },
        footer = {"", "Example:", "  interlock sessions clear s-1 --by ada --audit resets.jsonl"})
final class SessionsClearCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SESSION", description = "The session.")
    private String session = "";

    @Mixin
    private StoresOption stores;

    @Mixin
    private ChangeOptions change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        boolean cleared = false;
        try (ChangeRecord record = change.open()) {
            for (Named each : stores.stores()) {
                boolean had = stores.with(each, store -> {
                    if (store.sessionMemory().read(session).names().isEmpty()) {
                        return false;
                    }
                    record.cleared(session);
                    store.sessionRecords().clear(session);
                    return true;
                });
                if (had) {
                    cleared = true;
                    spec.commandLine()
                            .getOut()
                            .println("Cleared: " + Printable.of(session)
                                    + (each.title().isEmpty() ? "" : " of " + Printable.of(each.title())));
                }
            }
        }
        if (!cleared) {
            throw new CliException("session " + Printable.of(session) + " has no marks. See: interlock sessions list");
        }
        return ExitCode.OK;
    }
}
