package dev.interlock.policy.cli.demo;

import dev.interlock.policy.cli.screen.Screen;
import dev.interlock.policy.cli.screen.Table;
import dev.interlock.policy.cli.screen.Table.Cell;
import dev.interlock.policy.cli.screen.Table.Column;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** Formats what the demo's agent did, for people. */
final class Report {

    private static final List<Column> COLUMNS = List.of(
            new Column("#", true),
            new Column("call", false),
            new Column("decision", false),
            new Column("rule", false),
            new Column("latency", true),
            new Column("reason", false));

    private final PrintWriter out;
    private final Ansi ansi;
    private final Screen screen;

    Report(PrintWriter out, Ansi ansi, Screen screen) {
        this.out = out;
        this.ansi = ansi;
        this.screen = screen;
    }

    void opening(int offered, int shown) {
        out.println();
        styled("  @|bold Interlock demo|@: an agent, an MCP server, and a policy between them.");
        out.println();
        show("  server  " + offered + " tools of AWS HealthImaging, in a process of its own, over stdio");
        show("  policy  examples/policies/aws-healthimaging.yaml");
        show("  agent   the MCP Java SDK's client; of tools/list it was shown " + shown + ", since " + (offered - shown)
                + " may never be called");
        out.println();
    }

    /** One row per call. A run of equal allowed calls shares one row. */
    void calls(List<Played> calls) {
        Table table = new Table(screen, ansi, "  ", COLUMNS);
        for (int from = 0; from < calls.size(); ) {
            int to = from + 1;
            while (to < calls.size() && calls.get(from).foldsWith(calls.get(to))) {
                to++;
            }
            table.add(row(calls.subList(from, to), from + 1));
            from = to;
        }
        table.lines().forEach(out::println);
        out.println();
    }

    private static List<Cell> row(List<Played> run, int number) {
        Played first = run.get(0);
        int length = run.size();
        String numbers = length == 1 ? Integer.toString(number) : number + "-" + (number + length - 1);
        String reason = length == 1 ? first.reason() : length + " calls (their median latency), " + first.reason();
        String latency = milliseconds(median(run));
        return List.of(
                Cell.of(numbers),
                Cell.of(first.step().tool()),
                first.isAllowed() ? new Cell("allowed", "green") : new Cell("DENIED", "bold,red"),
                Cell.of(first.rules()),
                Cell.of(latency),
                Cell.of(reason));
    }

    private static long median(List<Played> run) {
        long[] sorted = run.stream().mapToLong(Played::nanos).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static String milliseconds(long nanos) {
        return String.format(Locale.ROOT, nanos < 100_000_000 ? "%.1f ms" : "%.0f ms", nanos / 1e6);
    }

    /** The calls that reached the server, in the order in which the agent first called each tool. */
    void counts(List<Played> calls, Map<String, Integer> reached) {
        Map<String, Integer> denied = new LinkedHashMap<>();
        for (Played call : calls) {
            denied.merge(call.step().tool(), call.isAllowed() ? 0 : 1, Integer::sum);
        }
        List<String> parts = new ArrayList<>();
        denied.keySet().forEach(tool -> parts.add(tool + " " + reached.getOrDefault(tool, 0)));
        out.println("  Calls that reached the server, by its own count:");
        show("    " + String.join(", ", parts));
        out.println();
    }

    void unexpected(String what) {
        show(ansi.string("  @|bold,red UNEXPECTED|@ ") + what);
    }

    /**
     * @param remembered whether calls of earlier runs count
     */
    void closing(int exports, int ran, boolean remembered) {
        styled("  @|bold Of " + exports + " complete exports" + (remembered ? ", " : " within a minute, ") + ran
                + " ran. No denied call reached the server.|@");
        if (remembered) {
            show("  What earlier runs had used of the limit counted, and the next run finds what this one has used.");
        }
        out.println();
    }

    void failure() {
        out.println();
        styled("  @|bold,red The demo did not go as it should.|@");
        out.println();
    }

    private void styled(String text) {
        show(ansi.string(text));
    }

    private void show(String line) {
        out.println(screen.fit(line));
    }
}
