package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.state.Suspension;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code interlock suspend}. */
@Command(
        name = "suspend",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Stops all calls of the proxies and hosts that share a store.",
            "They stop within seconds, and stay so over restarts, until: interlock resume",
            "By default this stops all proxies of this user that keep state; --state names another store.",
        },
        footer = {
            "",
            "Example:",
            "  interlock suspend --reason 'The agent sends the wrong invoices.'",
            "  interlock suspend --policy policy.yaml",
        })
public final class SuspendCommand implements Callable<Integer> {

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Why; agents are told. Default: that calls are suspended.")
    private String reason = "";

    @Mixin
    private StoresOption stores;

    @Mixin
    private ChangeOptions change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<Named> named = stores.someStores();
        Suspension suspension = new Suspension(reason, change.by(), Instant.now());
        List<String> failures = new ArrayList<>();
        try (ChangeRecord record = change.open()) {
            for (Named each : named) {
                try {
                    stores.with(each, store -> {
                        store.suspensionStore().suspend(suspension);
                        return true;
                    });
                    record.suspended(suspension);
                    spec.commandLine()
                            .getOut()
                            .println("Suspended" + (each.title().isEmpty() ? "." : ": " + Printable.of(each.title())));
                } catch (CliException e) {
                    // The others must stop all the same.
                    failures.add(e.text());
                }
            }
        }
        if (!failures.isEmpty()) {
            throw new CliException(String.join("\n", failures));
        }
        return ExitCode.OK;
    }
}
