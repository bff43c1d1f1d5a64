package dev.interlock.policy.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Turns the measurements into the table of {@code docs/benchmarks.md}: each figure beside its goal. */
final class Report {

    private static final List<RegexBenchmark.Shape> COMMON = List.of(
            RegexBenchmark.Shape.LITERAL,
            RegexBenchmark.Shape.ALTERNATION,
            RegexBenchmark.Shape.PREFIX,
            RegexBenchmark.Shape.CLASS);

    private final Results results;
    private final List<String> lines = new ArrayList<>();

    private Report(Results results) {
        this.results = results;
    }

    /** The table. */
    static String table(Results results) {
        Report report = new Report(results);
        report.lines.add("| work | ours | beside | theirs | ratio | goal | met |");
        report.lines.add("|---|---|---|---|---|---|---|");
        report.decide();
        report.valueFrom();
        report.admit();
        report.partition();
        report.marks();
        report.hotKey();
        report.answers();
        report.memory();
        report.regex();
        report.sizes();
        report.calls();
        report.loadAndStart();
        return String.join("\n", report.lines) + "\n";
    }

    private void decide() {
        String ours = "DecideBenchmark.interlock x1";
        ratio(
                "decide: three conditions",
                ours,
                "ifs on the same frozen arguments",
                "DecideBenchmark.ifsOnFrozen x1",
                1.5);
        shown("", ours, "ifs on plain maps", "DecideBenchmark.ifsOnMaps x1");
        times("", ours, "CEL", "DecideBenchmark.cel x1", 7);
        times("", ours, "jCasbin, role only", "DecideBenchmark.jcasbin x1", 10);
        times("", ours, "cedar-java", "DecideBenchmark.cedar x1", 200);
        bytes("decide: allocated", ours, 0.01, "0 B");
        shown("decide, arguments frozen first", "DecideBenchmark.interlockWithFreezing x1", "decide", ours);
    }

    private void valueFrom() {
        for (String operator : List.of("eq", "in", "lte", "within_path", "host_in")) {
            String at = " " + operator + " x1";
            ratio(
                    "decide: " + operator + " with value_from",
                    "ValueFromBenchmark.valueFrom" + at,
                    "the same with value",
                    "ValueFromBenchmark.value" + at,
                    2);
        }
    }

    private void partition() {
        double without = results.score("PartitionBenchmark.admit nothing x1");
        for (String per : List.of("args.customer.id", "folded", "args")) {
            String ours = "PartitionBenchmark.admit " + per + " x1";
            double more = results.score(ours) - without;
            boolean shown = !per.equals("args.customer.id");
            line(
                    "admit: 64 keys, per " + (per.equals("folded") ? "args.customer.id, folded" : per),
                    nanos(ours),
                    "the same without per",
                    number(without) + " ns",
                    signed(more) + " ns",
                    shown ? "–" : "at most 60 ns more",
                    shown ? "–" : met(more <= 60));
        }
    }

    private void marks() {
        double without = results.score("MarkBenchmark.read none x1");
        String ours = "MarkBenchmark.read read x1";
        double more = results.score(ours) - without;
        line(
                "admit: one mark read",
                nanos(ours),
                "the same without marks",
                number(without) + " ns",
                signed(more) + " ns",
                "at most 40 ns more",
                met(more <= 40));
        shown(
                "admit: one mark set again",
                "MarkBenchmark.set read x1",
                "the same without marks",
                "MarkBenchmark.set none x1");
    }

    private void admit() {
        for (String keys : List.of("1000", "100000")) {
            for (String spread : List.of("zipf", "uniform")) {
                for (int threads : List.of(1, 2)) {
                    String at = " " + keys + " " + spread + " x" + threads;
                    double goal = keys.equals("100000") ? 0.5 : threads == 1 ? 0.40 : 0.25;
                    String work = "admit: " + keys + " keys, " + spread + ", " + threads
                            + (threads == 1 ? " thread" : " threads");
                    String ours = "AdmitBenchmark.interlock" + at;
                    ratio(work, ours, "ifs and Bucket4j in Caffeine", "AdmitBenchmark.ifsAndBucket4j" + at, goal);
                    ratio("", ours, "Bucket4j in Caffeine without rules", "AdmitBenchmark.bucket4j" + at, 1);
                    shown("", ours, "ifs, a plain map, clock, compare-and-set", "AdmitBenchmark.least" + at);
                    shown("", ours, "ifs and Resilience4j", "AdmitBenchmark.ifsAndResilience4j" + at);
                    shown("", ours, "ifs and Guava", "AdmitBenchmark.ifsAndGuava" + at);
                }
            }
        }
        bytes("admit: allocated", "AdmitBenchmark.interlock 1000 zipf x1", 1, "1 B");
    }

    private void hotKey() {
        for (int threads : List.of(1, 2)) {
            String work = "admit: one hot key, " + threads + (threads == 1 ? " thread" : " threads");
            String bare = "HotKeyBenchmark.nanoTimeAndCompareAndSet x" + threads;
            ratio(
                    work + ", bucket alone",
                    "HotKeyBenchmark.interlockBucket x" + threads,
                    "nanoTime and compare-and-set",
                    bare,
                    1.3);
            shown(
                    work + ", with a sink that does nothing",
                    "HotKeyBenchmark.interlockRecorded x" + threads,
                    "the same without",
                    "HotKeyBenchmark.interlock x" + threads);
            shown(
                    work + ", three conditions and bucket",
                    "HotKeyBenchmark.interlock x" + threads,
                    "nanoTime and compare-and-set",
                    bare);
        }
    }

    private void answers() {
        String settled = "ResultBenchmark.settled x1";
        more("answer: no rules on results", "ResultBenchmark.off x1", settled, 2);
        bytes("answer: no rules on results, allocated", "ResultBenchmark.off x1", 0.01, "0 B");
        more("answer: 1 kB of text, one max_bytes", "ResultBenchmark.maxBytes x1", settled, 200);
        shown("answer: 1 kB of text, all presets", "ResultBenchmark.presets x1", "not looked at", settled);
    }

    private void more(String work, String ours, String without, double most) {
        double more = results.score(ours) - results.score(without);
        line(
                work,
                nanos(ours),
                "not looked at",
                nanos(without),
                signed(more) + " ns",
                "at most " + number(most) + " ns more",
                met(more <= most));
    }

    private void memory() {
        double ours = results.score("memory interlock");
        line("a million live buckets, each", number(ours) + " B", "–", "–", "–", "at most 115 B", met(ours <= 115));
        for (String peer : List.of("bucket4j", "resilience4j")) {
            double theirs = results.score("memory " + peer);
            line(
                    "",
                    number(ours) + " B",
                    peer.equals("bucket4j") ? "Bucket4j in Caffeine" : "Resilience4j in a map",
                    number(theirs) + " B",
                    number(ours / theirs),
                    "–",
                    "–");
        }
    }

    private void regex() {
        for (RegexBenchmark.Shape shape : RegexBenchmark.Shape.values()) {
            String at = " " + shape + " x1";
            String work = "decide: regex, " + shape.name().toLowerCase(Locale.ROOT);
            String ours = "RegexBenchmark.interlock" + at;
            if (COMMON.contains(shape)) {
                ratio(work, ours, "java.util.regex by hand", "RegexBenchmark.javaUtilRegex" + at, 1.5);
            } else {
                shown(work, ours, "java.util.regex by hand", "RegexBenchmark.javaUtilRegex" + at);
            }
            shown("", ours, "RE2/J by hand", "RegexBenchmark.re2j" + at);
        }
    }

    private void sizes() {
        String small = "SizeBenchmark.decide 10x1 x1";
        for (String tools : List.of("1000", "100000")) {
            ratio("decide: " + tools + " tools", "SizeBenchmark.decide " + tools + "x1 x1", "10 tools", small, 1.5);
        }
        for (int rules : List.of(10, 100)) {
            double each =
                    (results.score("SizeBenchmark.decide 10x" + rules + " x1") - results.score(small)) / (rules - 1);
            line(
                    "decide: each of " + rules + " rules more",
                    number(each) + " ns",
                    "–",
                    "–",
                    "–",
                    "at most 15 ns",
                    met(each <= 15));
        }
    }

    private void calls() {
        for (String transport : CallTool.TRANSPORTS) {
            double with = results.score("callTool " + transport + " with");
            double without = results.score("callTool " + transport + " without");
            boolean percent = transport.equals("stdio");
            boolean shown = transport.equals(CallTool.RESTED);
            boolean met = with - without <= (percent ? Math.min(5, 0.03 * without) : 5);
            line(
                    "callTool, " + transport,
                    number(with) + " µs",
                    "the same without",
                    number(without) + " µs",
                    signed(with - without) + " µs",
                    shown ? "–" : percent ? "at most 5 µs and 3 % more" : "at most 5 µs more",
                    shown ? "–" : met(met));
        }
    }

    private void loadAndStart() {
        double ours = results.score("LoadBenchmark.interlock 10000 x1");
        double parse = results.score("LoadBenchmark.parse 10000 x1");
        double load = results.score("LoadBenchmark.load 10000 x1");
        line(
                "load 10,000 tools",
                number(ours) + " ms",
                "snakeyaml-engine's events",
                number(parse) + " ms",
                number(ours / parse),
                "at most 2.5",
                met(ours / parse <= 2.5));
        line("", number(ours) + " ms", "snakeyaml-engine's maps", number(load) + " ms", number(ours / load), "–", "–");
        double start = results.score("start");
        line(
                "start to first decision",
                signed(start) + " ms",
                "an empty JVM",
                "–",
                "–",
                "at most 150 ms more",
                met(start <= 150));
    }

    /** A ratio with an upper bound. */
    private void ratio(String work, String ours, String peer, String theirs, double goal) {
        double ratio = results.score(ours) / results.score(theirs);
        line(work, nanos(ours), peer, nanos(theirs), number(ratio), "at most " + goal, met(ratio <= goal));
    }

    /** How many times faster it must at least be. */
    private void times(String work, String ours, String peer, String theirs, double goal) {
        double times = results.score(theirs) / results.score(ours);
        line(
                work,
                nanos(ours),
                peer,
                nanos(theirs),
                number(1 / times),
                number(goal) + " times faster",
                met(times >= goal));
    }

    private void shown(String work, String ours, String peer, String theirs) {
        line(work, nanos(ours), peer, nanos(theirs), number(results.score(ours) / results.score(theirs)), "–", "–");
    }

    private void bytes(String work, String ours, double goal, String text) {
        double bytes = results.bytes(ours);
        line(work, number(bytes) + " B", "–", "–", "–", "at most " + text, met(bytes <= goal));
    }

    private void line(String... cells) {
        lines.add("| " + String.join(" | ", cells) + " |");
    }

    private String nanos(String name) {
        return number(results.score(name)) + " ns";
    }

    private static String met(boolean met) {
        return met ? "yes" : "**no**";
    }

    private static String signed(double value) {
        return (value < 0 ? "" : "+") + number(value);
    }

    /** Three digits, or the whole number if it has more. */
    private static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.1 || size == 0 ? "%.2f" : "%.4f";
        return String.format(Locale.ROOT, format, value);
    }

    /** Measures everything and writes the report. The arguments: the file, and the name of a pace. */
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        Pace pace = Pace.named(arguments[1]);
        double loadBefore = load();
        Results results = Suite.run(pace);
        String preface =
                text("preface.md").replace("@pace@", pace.equals(Pace.FULL) ? "" : " -Dbench.pace=" + arguments[1]);
        Files.writeString(file, preface + machine(pace, loadBefore) + "\n" + table(results) + "\n" + text("notes.md"));
    }

    /** How many threads were ready to run, over the last minute. */
    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static String machine(Pace pace, double loadBefore) throws IOException {
        return item("Machine: " + cpu() + ", " + Runtime.getRuntime().availableProcessors() + " cores, "
                        + System.getProperty("os.name") + " " + System.getProperty("os.version") + ".")
                + item("JVM: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ".")
                + item("Peers: " + text("versions.txt").strip() + ".")
                + item("Measured by JMH: " + pace.forks() + " JVM for each benchmark, " + pace.warmups() + " runs of "
                        + pace.millis() + " ms to warm up and " + pace.runs() + " measured; whole calls: "
                        + pace.callMillis() + " ms to warm up and as long measured.")
                + item("Load average: " + number(loadBefore) + " before, " + number(load())
                        + " at the end, of which the run itself makes 1 to 2."
                        + " If others had more, the times mean little.")
                + (pace.equals(Pace.FULL) ? "" : item("This is not the full pace: for a look, not for comparison."));
    }

    /** One item of a list, broken where it reaches 120 columns. */
    private static String item(String text) {
        StringBuilder item = new StringBuilder();
        int column = 0;
        for (String word : ("- " + text).split(" ", -1)) {
            if (column > 0 && column + 1 + word.length() > 120) {
                item.append("\n  ");
                column = 2;
            } else if (column > 0) {
                item.append(' ');
                column++;
            }
            item.append(word);
            column += word.length();
        }
        return item.append('\n').toString();
    }

    private static String cpu() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.exists(info)) {
            return System.getProperty("os.arch");
        }
        return Files.readAllLines(info).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    private static String text(String resource) {
        try (InputStream in = Report.class.getResourceAsStream(resource)) {
            return new String(Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
