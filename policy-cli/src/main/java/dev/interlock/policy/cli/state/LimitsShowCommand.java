package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.state.StateStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock limits show}. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows how limits stand, one after the other.",
            "With --policy, the room that is left is that of the policy as it is now.",
        },
        footer = {
            "",
            "Example:",
            "  interlock limits show daily --policy policy.yaml",
            "  interlock limits show 'tools.pay#spend-day:budget@pay' --state state.db",
        })
final class LimitsShowCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PATTERN", description = "A part of the limits' names, or with * the whole name.")
    private String pattern = "";

    @Mixin
    private LimitsOptions which;

    @Mixin
    private StoresOption stores;

    @Mixin
    private FormatOption format;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<Named> named = stores.stores();
        boolean shown = false;
        for (Named each : named) {
            PolicyLimits limits = stores.limits(each);
            shown |= stores.with(each, store -> show(each, store, limits));
        }
        if (!shown && !format.json()) {
            spec.commandLine().getOut().println(named.isEmpty() ? "No proxy has kept state." : "Nothing is counted.");
        }
        return ExitCode.OK;
    }

    private boolean show(Named named, StateStore store, @Nullable PolicyLimits policy) {
        PrintWriter out = spec.commandLine().getOut();
        LimitName name = new LimitName(pattern);
        boolean[] shown = {false};
        which.each(store.limitRecords(), name, policy, counted -> {
            if (format.json()) {
                out.println(counted.json(named.title()));
            } else {
                out.print(shown[0] ? "" : StoresOption.heading(named));
                out.print(Screen.of(spec).fit(counted.text()));
            }
            shown[0] = true;
            return true;
        });
        out.flush();
        return shown[0];
    }
}
