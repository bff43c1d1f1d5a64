package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.state.Suspension;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock resume}. */
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Ends what 'interlock suspend' began.",
            "A policy that has 'suspended' itself still stops its calls.",
        },
        footer = {"", "Example:", "  interlock resume", "  interlock resume --policy policy.yaml --by ada"})
public final class ResumeCommand implements Callable<Integer> {

    @Mixin
    private StoresOption stores;

    @Mixin
    private ChangeOptions change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<Named> named = stores.someStores();
        boolean resumed = false;
        try (ChangeRecord record = change.open()) {
            for (Named each : named) {
                List<Suspension> ended = stores.with(each, store -> {
                    Suspension was = store.suspensionStore().resume();
                    return was == null ? List.of() : List.of(was);
                });
                for (Suspension was : ended) {
                    resumed = true;
                    record.resumed(was);
                    spec.commandLine().getOut().println(text(each, was));
                }
            }
        }
        if (!resumed) {
            spec.commandLine().getOut().println("Calls were not suspended.");
        }
        return ExitCode.OK;
    }

    private static String text(Named named, Suspension was) {
        return "Resumed" + (named.title().isEmpty() ? "" : ": " + Printable.of(named.title())) + " (suspended at "
                + was.since() + (was.by() == null ? "" : " by " + Printable.of(was.by()))
                + (was.reason().isBlank() ? "" : ": " + Printable.of(was.reason())) + ")";
    }
}
