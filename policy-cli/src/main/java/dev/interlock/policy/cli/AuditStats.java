package dev.interlock.policy.cli;

import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Counts what is in an audit log. */
final class AuditStats {

    /** Names that are counted one by one; whoever calls tools that aren't there chooses names as they like. */
    private static final int MOST_NAMES = 10_000;

    private static final String OTHERS = "(others)";
    private static final long MILLIS_PER_MINUTE = 60_000;

    private final Map<String, Long> decisions = new TreeMap<>();
    private final Map<String, Long> methods = new TreeMap<>();
    private final Map<String, Long> endings = new TreeMap<>();
    private final Map<Answer, Long> answers = new HashMap<>();
    private final Map<Denial, Long> denials = new HashMap<>();
    private final Map<String, Calls> tools = new HashMap<>();
    /** Questions that are open: their answers are no new calls. */
    private final Set<String> asked = new HashSet<>();

    private long[] took = new long[1_024];
    private int timed;
    private long calls;
    private long lines;
    private long unreadable;
    private long lost;
    private @Nullable Instant first;
    private @Nullable Instant last;

    /**
     * What denials are counted by.
     *
     * @param rule which rule denied
     * @param tool what was denied: a tool, or another method
     */
    record Denial(String rule, String code, String tool) {}

    /**
     * What answers to questions are counted by.
     *
     * @param by who answered; empty if the log doesn't say, as when nobody did
     * @param decision what came of it
     */
    record Answer(String by, String decision) {}

    /** The calls of one tool. */
    private static final class Calls {
        private long count;
        private long minute = Long.MIN_VALUE;
        private long inMinute;
        private long peak;

        /** Times that go back a little are counted where they fall; the peak may then be a little too low. */
        void add(long millis) {
            count++;
            long now = Math.floorDiv(millis, MILLIS_PER_MINUTE);
            inMinute = now == minute ? inMinute + 1 : 1;
            minute = now;
            peak = Math.max(peak, inMinute);
        }
    }

    void unreadable() {
        lines++;
        unreadable++;
    }

    void add(AuditLine line) {
        lines++;
        Instant time = line.time();
        switch (line.event()) {
            case "decision" -> decision(line, time);
            case "method" -> method(line);
            case "settlement" -> endings.merge(line.text("outcome"), 1L, Long::sum);
            case "lost" -> lost += line.number("events");
            default -> {}
        }
    }

    private void method(AuditLine line) {
        methods.merge(line.text("decision"), 1L, Long::sum);
        denial(line, line.text("method"));
    }

    private void denial(AuditLine line, String what) {
        switch (line.text("decision")) {
            case "denied", "hidden", "refused" -> {
                Denial denial = new Denial(line.text("rule"), line.text("code"), what);
                Denial counted = denials.size() < MOST_NAMES || denials.containsKey(denial)
                        ? denial
                        : new Denial(OTHERS, "", OTHERS);
                denials.merge(counted, 1L, Long::sum);
            }
            default -> {}
        }
    }

    private void answer(AuditLine line, String decision) {
        if (decision.equals("approved") || decision.equals("refused")) {
            Answer answer = new Answer(line.text("by"), decision);
            Answer counted =
                    answers.size() < MOST_NAMES || answers.containsKey(answer) ? answer : new Answer(OTHERS, decision);
            answers.merge(counted, 1L, Long::sum);
        }
    }

    private void decision(AuditLine line, @Nullable Instant time) {
        String decision = line.text("decision");
        String tool = line.text("tool");
        String id = line.text("id");
        decisions.merge(decision, 1L, Long::sum);
        denial(line, tool);
        answer(line, decision);
        if (asked.remove(id)) {
            return;
        }
        if (decision.equals("asked")) {
            asked.add(id);
        }
        calls++;
        if (timed == took.length) {
            took = Arrays.copyOf(took, 2 * timed);
        }
        took[timed++] = line.number("tookMicros");
        if (time == null) {
            return;
        }
        first = first == null || time.isBefore(first) ? time : first;
        last = last == null || time.isAfter(last) ? time : last;
        String counted = tools.size() < MOST_NAMES || tools.containsKey(tool) ? tool : OTHERS;
        tools.computeIfAbsent(counted, name -> new Calls()).add(time.toEpochMilli());
    }

    /** The minutes between the first and the last call; at least one. */
    private double minutes() {
        Instant from = first;
        Instant to = last;
        return from == null || to == null
                ? 1
                : Math.max(1, (double) (to.toEpochMilli() - from.toEpochMilli()) / MILLIS_PER_MINUTE);
    }

    private List<Map.Entry<Denial, Long>> topDenials(int most) {
        return denials.entrySet().stream()
                .sorted(Comparator.<Map.Entry<Denial, Long>>comparingLong(Map.Entry::getValue)
                        .reversed()
                        .thenComparing(entry -> entry.getKey().toString()))
                .limit(most)
                .toList();
    }

    private List<Map.Entry<Answer, Long>> topAnswers(int most) {
        return answers.entrySet().stream()
                .sorted(Comparator.<Map.Entry<Answer, Long>>comparingLong(Map.Entry::getValue)
                        .reversed()
                        .thenComparing(entry -> entry.getKey().toString()))
                .limit(most)
                .toList();
    }

    private List<Map.Entry<String, Calls>> topTools(int most) {
        return tools.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, Calls>>comparingLong(entry -> entry.getValue().count)
                        .reversed()
                        .thenComparing(Map.Entry::getKey))
                .limit(most)
                .toList();
    }

    /** The smallest time that so many of a thousand decisions did not exceed. */
    private long percentile(int perMille) {
        return timed == 0 ? 0 : took[(int) Math.max(0, ((long) timed * perMille + 999) / 1_000 - 1)];
    }

    private void sort() {
        Arrays.sort(took, 0, timed);
    }

    /** For people. */
    String text(int most) {
        sort();
        StringBuilder out = new StringBuilder();
        out.append(Count.of(calls, "call")).append(first == null ? "" : ", " + first + " to " + last);
        out.append('\n').append(counts(decisions));
        if (!methods.isEmpty()) {
            out.append("\nother requests: ").append(counts(methods));
        }
        if (!endings.isEmpty()) {
            out.append("\nended: ").append(counts(endings));
        }
        if (!answers.isEmpty()) {
            out.append("\n\nwho answered");
            topAnswers(most)
                    .forEach(entry -> out.append(String.format(
                            "%n%8s  %s by %s",
                            Count.number(entry.getValue()),
                            entry.getKey().decision(),
                            entry.getKey().by().isEmpty()
                                    ? "nobody known"
                                    : Printable.of(entry.getKey().by()))));
        }
        if (!denials.isEmpty()) {
            out.append("\n\ndenials");
            topDenials(most)
                    .forEach(entry -> out.append(String.format(
                            "%n%8s  %s  by %s [%s]",
                            Count.number(entry.getValue()),
                            Printable.of(entry.getKey().tool()),
                            Printable.of(entry.getKey().rule()),
                            Printable.of(entry.getKey().code()))));
        }
        if (!tools.isEmpty()) {
            out.append("\n\ncalls a minute (mean, and in the busiest minute)");
            topTools(most)
                    .forEach(entry -> out.append(String.format(
                            Locale.ROOT,
                            "%n%8.1f %8s  %s",
                            entry.getValue().count / minutes(),
                            Count.number(entry.getValue().peak),
                            Printable.of(entry.getKey()))));
        }
        out.append("\n\ntime to decide: half in ")
                .append(AuditLineText.time(percentile(500)))
                .append(", 90 % in ")
                .append(AuditLineText.time(percentile(900)))
                .append(", 99 % in ")
                .append(AuditLineText.time(percentile(990)))
                .append(", all in ")
                .append(AuditLineText.time(percentile(1_000)));
        if (lost > 0) {
            out.append("\n").append(Count.of(lost, "event")).append(" dropped, as the log says itself");
        }
        if (unreadable > 0) {
            out.append("\n")
                    .append(Count.of(unreadable, "line"))
                    .append(" could not be read; interlock audit verify tells where");
        }
        return out.toString();
    }

    private static String counts(Map<String, Long> counts) {
        StringBuilder out = new StringBuilder();
        counts.forEach((name, count) -> out.append(out.isEmpty() ? "" : ", ")
                .append(Count.number(count))
                .append(' ')
                .append(Printable.of(name)));
        return out.toString();
    }

    /** For programs. */
    Json json(int most) {
        sort();
        return new Json()
                .put("lines", lines)
                .put("unreadable", unreadable)
                .put("dropped", lost)
                .put("calls", calls)
                .put("from", first == null ? null : first.toString())
                .put("to", last == null ? null : last.toString())
                .put("decisions", json(decisions))
                .put("methods", json(methods))
                .put("endings", json(endings))
                .put(
                        "answers",
                        topAnswers(most),
                        entry -> new Json()
                                .put("by", entry.getKey().by())
                                .put("decision", entry.getKey().decision())
                                .put("count", entry.getValue()))
                .put(
                        "denials",
                        topDenials(most),
                        entry -> new Json()
                                .put("tool", entry.getKey().tool())
                                .put("rule", entry.getKey().rule())
                                .put("code", entry.getKey().code())
                                .put("count", entry.getValue()))
                .put(
                        "tools",
                        topTools(most),
                        entry -> new Json()
                                .put("tool", entry.getKey())
                                .put("calls", entry.getValue().count)
                                .put("perMinuteMilli", Math.round(1_000 * entry.getValue().count / minutes()))
                                .put("busiestMinute", entry.getValue().peak))
                .put(
                        "tookMicros",
                        new Json()
                                .put("p50", percentile(500))
                                .put("p90", percentile(900))
                                .put("p99", percentile(990))
                                .put("max", percentile(1_000)));
    }

    private static Json json(Map<String, Long> counts) {
        Json json = new Json();
        new LinkedHashMap<>(counts).forEach(json::put);
        return json;
    }

    boolean isDamaged() {
        return unreadable > 0;
    }
}
