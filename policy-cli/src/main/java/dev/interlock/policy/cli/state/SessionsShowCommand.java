package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Spans;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecord.MarkRecord;
import dev.interlock.policy.state.StateStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock sessions show}. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Shows the marks of one session, with their values.",
        footer = {"", "Example:", "  interlock sessions show s-1"})
final class SessionsShowCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SESSION", description = "The session.")
    private String session = "";

    @Mixin
    private StoresOption stores;

    @Mixin
    private FormatOption format;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        boolean found = false;
        for (Named each : stores.stores()) {
            found |= stores.with(each, store -> show(each, store));
        }
        if (!found) {
            throw new CliException("session " + Printable.of(session) + " has no marks. See: interlock sessions list");
        }
        return ExitCode.OK;
    }

    private boolean show(Named named, StateStore store) {
        PrintWriter out = spec.commandLine().getOut();
        boolean[] found = {false};
        Pages.of(store.sessionRecords()).each(record -> {
            if (!record.session().equals(session)) {
                return true;
            }
            found[0] = true;
            if (format.json()) {
                out.println(SessionJson.of(named.title(), record));
            } else {
                out.print(StoresOption.heading(named));
                out.print(Screen.of(spec).fit(text(record)));
            }
            return false;
        });
        out.flush();
        return found[0];
    }

    private static String text(SessionRecord record) {
        StringBuilder out = new StringBuilder(Printable.of(record.session())).append('\n');
        for (MarkRecord mark : record.marks()) {
            out.append("  ")
                    .append(Printable.of(mark.name()))
                    .append(": ")
                    .append(values(mark))
                    .append(", lapses in ")
                    .append(Spans.of(mark.left()))
                    .append('\n');
        }
        return out.toString();
    }

    private static String values(MarkRecord mark) {
        List<String> values = mark.values();
        String text = values == null
                ? "set"
                : values.isEmpty()
                        ? "set, with no value"
                        : values.stream()
                                .map(value -> "\"" + Printable.of(value) + "\"")
                                .collect(Collectors.joining(", "));
        return mark.known() ? text : text + " (not all are known, so that conditions on it are invalid)";
    }
}
