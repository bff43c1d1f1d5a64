package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Spans;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.screen.Table;
import dev.interlock.policy.cli.screen.Table.Cell;
import dev.interlock.policy.cli.screen.Table.Column;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecord.MarkRecord;
import dev.interlock.policy.state.StateStore;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock sessions list}. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Lists the sessions that have marks, and which.",
        footer = {"", "Example:", "  interlock sessions list", "  interlock sessions list ada --state state.db"})
final class SessionsListCommand implements Callable<Integer> {

    /** A table has to be in memory. */
    private static final int MOST_ROWS = 1_000;

    @Parameters(paramLabel = "PATTERN", arity = "0..1", description = "A part of the sessions' names. Default: all.")
    private @Nullable String pattern;

    @Mixin
    private StoresOption stores;

    @Mixin
    private FormatOption format;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<Named> named = stores.stores();
        int shown = 0;
        for (Named each : named) {
            shown += stores.with(each, store -> list(each, store));
        }
        if (shown == 0 && !format.json()) {
            spec.commandLine().getOut().println(named.isEmpty() ? "No proxy has kept state." : "No session has marks.");
        }
        return ExitCode.OK;
    }

    private int list(Named named, StateStore store) {
        PrintWriter out = spec.commandLine().getOut();
        List<SessionRecord> rows = new ArrayList<>();
        int[] shown = {0};
        Pages.of(store.sessionRecords()).each(record -> {
            if (pattern != null && !record.session().contains(pattern)) {
                return true;
            }
            shown[0]++;
            if (format.json()) {
                out.println(SessionJson.of(named.title(), record));
                return true;
            }
            rows.add(record);
            return rows.size() <= MOST_ROWS;
        });
        if (!rows.isEmpty()) {
            out.print(StoresOption.heading(named));
            Table table = new Table(
                    Screen.of(spec),
                    Ansi.AUTO,
                    "",
                    List.of(new Column("session", false), new Column("lapse in", false), new Column("marks", false)));
            rows.stream().limit(MOST_ROWS).forEach(record -> table.add(row(record)));
            table.lines().forEach(out::println);
            if (rows.size() > MOST_ROWS) {
                out.println("and more; --format json has no end");
            }
        }
        return shown[0];
    }

    private static List<Cell> row(SessionRecord record) {
        Duration longest = record.marks().stream()
                .map(MarkRecord::left)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
        String marks = record.marks().stream().map(SessionsListCommand::mark).collect(Collectors.joining(", "));
        return List.of(Cell.of(Printable.of(record.session())), Cell.of(Spans.of(longest)), Cell.of(marks));
    }

    private static String mark(MarkRecord mark) {
        List<String> values = mark.values();
        return Printable.of(mark.name())
                + (values == null ? "" : " (" + values.size() + (values.size() == 1 ? " value)" : " values)"));
    }
}
