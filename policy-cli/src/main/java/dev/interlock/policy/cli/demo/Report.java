package dev.interlock.policy.cli.demo;

import dev.interlock.policy.cli.demo.Table.Cell;
import dev.interlock.policy.cli.demo.Table.Column;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** Writes what the demo's agent did as people like to read it. */
final class Report {

    private static final List<Column> COLUMNS = List.of(
            new Column("#", 5, true),
            new Column("call", 22, false),
            new Column("decision", 8, false),
            new Column("rule", 17, false),
            new Column("reason", 28, false),
            new Column("latency", 7, true));

    private final PrintWriter out;
    private final Ansi ansi;

    Report(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    void opening(int offered, int shown) {
        out.println();
        out.println(ansi.string("  @|bold Interlock demo|@: an agent, an MCP server, and a policy between them."));
        out.println();
        out.println("  server  " + offered + " tools of AWS HealthImaging, in a process of its own, over stdio");
        out.println("  policy  examples/policies/aws-healthimaging.yaml");
        out.println("  agent   the MCP Java SDK's client; of tools/list it was shown " + shown + ", since "
                + (offered - shown) + " may never be called");
        out.println();
    }

    /** One row for each call; a run of equal allowed ones takes one row together. */
    void calls(List<Played> calls) {
        Table table = new Table(ansi, COLUMNS);
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
        String reason = length == 1 ? first.reason() : length + " calls, " + first.reason();
        String latency = milliseconds(median(run)) + (length == 1 ? "" : " (median)");
        return List.of(
                Cell.of(numbers),
                Cell.of(first.step().tool()),
                first.isAllowed() ? new Cell("allowed", "green") : new Cell("DENIED", "bold,red"),
                Cell.of(first.rules()),
                Cell.of(reason),
                Cell.of(latency));
    }

    private static long median(List<Played> run) {
        long[] sorted = run.stream().mapToLong(Played::nanos).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static String milliseconds(long nanos) {
        return String.format(Locale.ROOT, nanos < 100_000_000 ? "%.1f ms" : "%.0f ms", nanos / 1e6);
    }

    /** What reached the server, in the order in which the agent first called it. */
    void counts(List<Played> calls, Map<String, Integer> reached) {
        Map<String, Integer> denied = new LinkedHashMap<>();
        for (Played call : calls) {
            denied.merge(call.step().tool(), call.isAllowed() ? 0 : 1, Integer::sum);
        }
        List<String> parts = new ArrayList<>();
        denied.keySet().forEach(tool -> parts.add(tool + " " + reached.getOrDefault(tool, 0)));
        out.println("  Calls that reached the server, by its own count:");
        Table.wrap(String.join(", ", parts), 92).forEach(line -> out.println("    " + line));
        out.println();
    }

    void unexpected(String what) {
        out.println(ansi.string("  @|bold,red UNEXPECTED|@ " + what));
    }

    void closing(int exports, int ran) {
        out.println(ansi.string("  @|bold Of " + exports + " complete exports within a minute, " + ran
                + " ran. No denied call reached the server.|@"));
        out.println();
    }

    void failure() {
        out.println();
        out.println(ansi.string("  @|bold,red The demo did not go as it should.|@"));
        out.println();
    }
}
