package dev.interlock.policy.cli.audit;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Counts the events of an audit log. */
final class AuditStats {

    /**
     * The most names that are counted one by one. A caller of tools that don't exist can make up any number of names.
     */
    private static final int MOST_NAMES = 10_000;

    private static final String OTHERS = "(others)";

    private static final String AUDITED = "audited";
    private static final Set<String> KNOWN_EVENTS = Set.of(
            "decision",
            "method",
            "result",
            "settlement",
            "marks",
            "policy",
            "suspension",
            "reset",
            "clear",
            "failure",
            "lost",
            "open",
            "seal");
    private static final Set<String> REFUSALS = Set.of("denied", "hidden", "refused");
    private static final Set<String> PASSES = Set.of("allowed", "approved", AUDITED);
    private static final Set<String> KNOWN_DECISIONS = Arrays.stream(AuditEvent.Outcome.values())
            .map(AuditEvent.Outcome::text)
            .collect(Collectors.toSet());

    private static final Set<String> KNOWN_FATES =
            Arrays.stream(ResultFate.values()).map(ResultFate::text).collect(Collectors.toSet());

    private static final long MILLIS_PER_MINUTE = 60_000;

    /** The events, by kind. */
    private final Map<String, Long> events = new TreeMap<>();

    /** The final decision on each call. */
    private final Map<String, Long> decisions = new TreeMap<>();

    private final Map<String, Long> methods = new TreeMap<>();

    /** The outcomes of the calls that were let through. */
    private final Map<String, Long> endings = new TreeMap<>();

    /** What became of results. */
    private final Map<String, Long> results = new TreeMap<>();

    private final Tally<Answer> answers = new Tally<>(MOST_NAMES, answer -> new Answer(OTHERS, answer.decision()));
    private final Tally<Denial> denials = new Tally<>(MOST_NAMES, denial -> Denial.OF_OTHERS);
    /** Calls that the policy would deny, but only recorded. */
    private final Tally<Denial> recorded = new Tally<>(MOST_NAMES, denial -> Denial.OF_OTHERS);

    private final Map<String, Calls> tools = new HashMap<>();

    /** The calls that have not ended, by the id of the decision. A later line may say more about them. */
    private final Map<String, Open> open = new HashMap<>();

    private long[] took = new long[1_024];
    private int timed;
    private long calls;
    private long lines;
    private long unreadable;
    private long lost;
    /** Calls that were let through, but whose outcome is not on record. */
    private long unended;

    /** Outcomes of calls whose decision is not in any file that was read. */
    private long strayEndings;

    private @Nullable Instant first;
    private @Nullable Instant last;

    /**
     * The key by which denials are counted.
     *
     * @param rule the rule that denied
     * @param tool what was denied: a tool, or another method
     */
    record Denial(String rule, String code, String tool) {

        private static final Denial OF_OTHERS = new Denial(OTHERS, "", OTHERS);
    }

    /**
     * The key by which answers to questions are counted.
     *
     * @param by who answered; empty if the log doesn't say, as when there was no answer
     * @param decision the outcome
     */
    record Answer(String by, String decision) {}

    /**
     * A call that has not ended.
     *
     * @param decision the decision so far
     * @param denial why the policy denies it, if it does
     */
    private record Open(String decision, Denial denial) {}

    /** The calls of one tool. */
    private static final class Calls {
        private long count;
        private long minute = Long.MIN_VALUE;
        private long inMinute;
        private long peak;

        /** If times go back a little, they are counted where they fall. The peak may then be a little too low. */
        void add(@Nullable Instant time) {
            count++;
            if (time == null) {
                return;
            }
            long now = Math.floorDiv(time.toEpochMilli(), MILLIS_PER_MINUTE);
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
        events.merge(KNOWN_EVENTS.contains(line.event()) ? line.event() : OTHERS, 1L, Long::sum);
        switch (line.event()) {
            case "decision" -> decision(line);
            case "method" -> {
                methods.merge(decided(line), 1L, Long::sum);
                denial(line, line.text("method"));
            }
            case "result" -> {
                String fate = line.text("result");
                results.merge(KNOWN_FATES.contains(fate) ? fate : OTHERS, 1L, Long::sum);
            }
            case "settlement" -> settlement(line);
            case "lost" -> lost += line.number("events");
            default -> {}
        }
    }

    /** The outcome of a decision. The audit log writes only known words, so an unknown word was written by hand. */
    private static String decided(AuditLine line) {
        String decision = line.text("decision");
        return KNOWN_DECISIONS.contains(decision) ? decision : OTHERS;
    }

    private Denial denial(AuditLine line, String what) {
        Denial denial = new Denial(line.text("rule"), line.text("code"), what);
        if (REFUSALS.contains(line.text("decision"))) {
            denials.add(denial);
        } else if (line.text("decision").equals(AUDITED)) {
            recorded.add(denial);
        }
        return denial;
    }

    private void decision(AuditLine line) {
        if (line.number("round") > 0) {
            // The call goes on, and was counted when it was new. If it is denied, it ends as unknown.
            return;
        }
        String decision = decided(line);
        decisions.merge(decision, 1L, Long::sum);
        Open now = new Open(decision, denial(line, line.text("tool")));
        unended += PASSES.contains(decision) ? 1 : 0;
        if (decision.equals("approved") || decision.equals("refused")) {
            answers.add(new Answer(line.text("by"), decision));
        }
        Open before = reopen(line.text("id"), now);
        if (before == null) {
            call(line);
        } else {
            forget(before);
        }
    }

    /** Returns what was known about the same call; null if this is its first line. */
    private @Nullable Open reopen(String id, Open now) {
        if (id.isEmpty()) {
            return null;
        }
        return REFUSALS.contains(now.decision()) ? open.remove(id) : open.put(id, now);
    }

    /** A second line about a call replaces the first, so take the first out of the counts. */
    private void forget(Open before) {
        decisions.merge(before.decision(), -1L, Long::sum);
        decisions.remove(before.decision(), 0L);
        unended -= PASSES.contains(before.decision()) ? 1 : 0;
        if (before.decision().equals(AUDITED)) {
            recorded.remove(before.denial());
        }
    }

    private void call(AuditLine line) {
        calls++;
        if (timed == took.length) {
            took = Arrays.copyOf(took, 2 * timed);
        }
        took[timed++] = line.number("tookMicros");
        Instant time = line.time();
        if (time != null) {
            first = first == null || time.isBefore(first) ? time : first;
            last = last == null || time.isAfter(last) ? time : last;
        }
        String tool = line.text("tool");
        String counted = tools.size() < MOST_NAMES || tools.containsKey(tool) ? tool : OTHERS;
        tools.computeIfAbsent(counted, name -> new Calls()).add(time);
    }

    private void settlement(AuditLine line) {
        Open ended = open.remove(line.text("id"));
        if (ended == null || !PASSES.contains(ended.decision())) {
            strayEndings++;
        } else {
            unended--;
            String outcome = line.text("outcome");
            endings.merge(CallOutcome.of(outcome).isPresent() ? outcome : OTHERS, 1L, Long::sum);
        }
    }

    /** The minutes between the first and the last call; at least one. */
    private double minutes() {
        Instant from = first;
        Instant to = last;
        return from == null || to == null
                ? 1
                : Math.max(1, (double) (to.toEpochMilli() - from.toEpochMilli()) / MILLIS_PER_MINUTE);
    }

    private List<Map.Entry<String, Calls>> topTools(int most) {
        return tools.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, Calls>>comparingLong(entry -> entry.getValue().count)
                        .reversed()
                        .thenComparing(Map.Entry::getKey))
                .limit(most)
                .toList();
    }

    /** The smallest time that this many of a thousand decisions did not exceed. */
    private long percentile(int perMille) {
        return timed == 0 ? 0 : took[(int) Math.max(0, ((long) timed * perMille + 999) / 1_000 - 1)];
    }

    private void sort() {
        Arrays.sort(took, 0, timed);
    }

    /** Formats the counts for people. */
    String text(int most) {
        sort();
        StringBuilder out = new StringBuilder();
        out.append(Count.of(calls, "call")).append(first == null ? "" : ", " + first + " to " + last);
        out.append(decisions.isEmpty() ? "" : '\n' + counts(decisions));
        if (!methods.isEmpty()) {
            out.append("\nother requests: ").append(counts(methods));
        }
        out.append(ends());
        out.append(results.isEmpty() ? "" : "\nresults: " + counts(results));
        answers.append(
                out,
                "who answered",
                most,
                answer -> answer.decision() + " by "
                        + (answer.by().isEmpty() ? "an unknown person" : Printable.of(answer.by())));
        denials.append(out, "denied", most, AuditStats::text);
        recorded.append(out, "would have been denied, but for audit mode", most, AuditStats::text);
        appendTools(out, most);
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

    /** The outcomes of the calls that were let through. Together they cover all of them. */
    private String ends() {
        Map<String, Long> ends = new LinkedHashMap<>(endings);
        if (unended > 0) {
            ends.put("not on record", unended);
        }
        return (ends.isEmpty() ? "" : "\nended: " + counts(ends))
                + (strayEndings == 0
                        ? ""
                        : "\n" + Count.of(strayEndings, "ending") + " of calls that are not in what was read");
    }

    private void appendTools(StringBuilder out, int most) {
        if (tools.isEmpty()) {
            return;
        }
        out.append("\n\ncalls by tool: ").append(Count.number(calls));
        out.append(" (in all, a minute on average, in the busiest minute)");
        List<Map.Entry<String, Calls>> top = topTools(most);
        for (Map.Entry<String, Calls> entry : top) {
            Calls of = entry.getValue();
            out.append(String.format(
                    Locale.ROOT,
                    "%n%8s %8.1f %8s  %s",
                    Count.number(of.count),
                    of.count / minutes(),
                    Count.number(of.peak),
                    Printable.of(entry.getKey())));
        }
        if (tools.size() > top.size()) {
            long shown = top.stream().mapToLong(entry -> entry.getValue().count).sum();
            out.append(String.format(
                    "%n%8s                    and %s",
                    Count.number(calls - shown), Count.of(tools.size() - top.size(), "more tool")));
        }
    }

    private static String text(Denial denial) {
        return Printable.of(denial.tool())
                + (denial.rule().isEmpty() ? "" : "  by " + Printable.of(denial.rule()))
                + (denial.code().isEmpty() ? "" : " [" + Printable.of(denial.code()) + "]");
    }

    private static String counts(Map<String, Long> counts) {
        StringBuilder out = new StringBuilder();
        counts.forEach((name, count) -> out.append(out.isEmpty() ? "" : ", ")
                .append(Count.number(count))
                .append(' ')
                .append(Printable.of(name)));
        return out.toString();
    }

    /** Formats the counts for programs. */
    Json json(int most) {
        sort();
        return new Json()
                .put("lines", lines)
                .put("unreadable", unreadable)
                .put("dropped", lost)
                .put("calls", calls)
                .put("from", first == null ? null : first.toString())
                .put("to", last == null ? null : last.toString())
                .put("events", json(events))
                .put("decisions", json(decisions))
                .put("methods", json(methods))
                .put("results", json(results))
                .put("endings", json(endings))
                .put("endingsNotOnRecord", unended)
                .put("endingsOfOthers", strayEndings)
                .put(
                        "answers",
                        answers.top(most),
                        each -> new Json()
                                .put("by", each.thing().by())
                                .put("decision", each.thing().decision())
                                .put("count", each.count()))
                .put("answersInAll", answers.total())
                .put("denials", denials.top(most), AuditStats::json)
                .put("denialsInAll", denials.total())
                .put("wouldBeDenied", recorded.top(most), AuditStats::json)
                .put("wouldBeDeniedInAll", recorded.total())
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

    private static Json json(Tally.Counted<Denial> counted) {
        return new Json()
                .put("tool", counted.thing().tool())
                .put("rule", counted.thing().rule())
                .put("code", counted.thing().code())
                .put("count", counted.count());
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
