package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.screen.Table;
import dev.interlock.policy.cli.screen.Table.Cell;
import dev.interlock.policy.cli.screen.Table.Column;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.state.StateStore;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock limits list}. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {"Lists what limits have counted.", "What is back at a fresh start is left out."},
        footer = {
            "",
            "Example:",
            "  interlock limits list",
            "  interlock limits list daily --policy policy.yaml",
            "  interlock limits list 'tools.pay*' --state redis://state:6379 --format json",
        })
final class LimitsListCommand implements Callable<Integer> {

    /** A table has to be in memory. */
    private static final int MOST_ROWS = 1_000;

    private static final List<Shown> COLUMNS = List.of(
            new Shown(new Column("limit", false), CountedLimit::name),
            new Shown(new Column("rule", false), CountedLimit::inDenials),
            new Shown(new Column("subject", false), CountedLimit::subject),
            new Shown(new Column("values", false), CountedLimit::values),
            new Shown(new Column("used", true), CountedLimit::used),
            new Shown(new Column("of", true), CountedLimit::most),
            new Shown(new Column("window", false), CountedLimit::window),
            new Shown(new Column("empty in", false), CountedLimit::left));

    private record Shown(Column column, Function<CountedLimit, String> text) {}

    @Parameters(
            paramLabel = "PATTERN",
            arity = "0..1",
            description = "A part of the limits' names, or with * the whole name. Default: all.")
    private @Nullable String pattern;

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
        PrintWriter out = spec.commandLine().getOut();
        int shown = 0;
        for (Named each : named) {
            PolicyLimits limits = stores.limits(each);
            shown += stores.with(each, store -> format.json() ? json(each, store, limits) : table(each, store, limits));
        }
        if (shown == 0 && !format.json()) {
            out.println(named.isEmpty() ? "No proxy has kept state." : "Nothing is counted.");
        }
        return ExitCode.OK;
    }

    private int json(Named named, StateStore store, @Nullable PolicyLimits policy) {
        int[] shown = {0};
        LimitName name = new LimitName(pattern == null ? "" : pattern);
        which.each(store.limitRecords(), name, policy, counted -> {
            spec.commandLine().getOut().println(counted.json(named.title()));
            shown[0]++;
            return true;
        });
        return shown[0];
    }

    private int table(Named named, StateStore store, @Nullable PolicyLimits policy) {
        LimitName name = new LimitName(pattern == null ? "" : pattern);
        List<CountedLimit> rows = new ArrayList<>();
        which.each(store.limitRecords(), name, policy, counted -> {
            rows.add(counted);
            return rows.size() <= MOST_ROWS;
        });
        if (rows.isEmpty()) {
            return 0;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(StoresOption.heading(named));
        show(rows.subList(0, Math.min(MOST_ROWS, rows.size())), out);
        if (rows.size() > MOST_ROWS) {
            out.println("and more; --format json has no end");
        }
        return rows.size();
    }

    /** Columns in which nothing stands are left out. */
    private void show(List<CountedLimit> rows, PrintWriter out) {
        List<Shown> columns = COLUMNS.stream()
                .filter(column ->
                        rows.stream().anyMatch(row -> !column.text().apply(row).isEmpty()))
                .toList();
        Table table = new Table(
                Screen.of(spec),
                Ansi.AUTO,
                "",
                columns.stream().map(Shown::column).toList());
        for (CountedLimit row : rows) {
            table.add(columns.stream()
                    .map(column -> Cell.of(column.text().apply(row)))
                    .toList());
        }
        table.lines().forEach(out::println);
    }
}
