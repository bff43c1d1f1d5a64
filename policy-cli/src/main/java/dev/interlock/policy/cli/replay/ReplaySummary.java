package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.cli.io.Count;
import dev.interlock.policy.cli.io.Printable;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/** Counts the decisions of a replay. */
final class ReplaySummary {

    /** The most rules that are counted separately: a recording may hold any number of policies. */
    private static final int MOST_RULES = 10_000;

    private static final int SHOWN_RULES = 10;

    private final Map<String, Long> refusalsByRule = new HashMap<>();
    private long calls;
    private long allowed;
    private long waiting;
    private long recorded;
    private long damaged;

    void add(Decision decision, boolean passes) {
        calls++;
        if (passes) {
            allowed++;
            recorded += decision.audited() ? 1 : 0;
            return;
        }
        if (decision.verdict() == Decision.Verdict.NEEDS_APPROVAL) {
            waiting++;
        }
        RuleRef rule = decision.rule();
        String name = rule == null ? "(none)" : rule.name();
        if (refusalsByRule.size() < MOST_RULES || refusalsByRule.containsKey(name)) {
            refusalsByRule.merge(name, 1L, Long::sum);
        }
    }

    void addDamaged() {
        damaged++;
    }

    long calls() {
        return calls;
    }

    long damaged() {
        return damaged;
    }

    String text() {
        StringBuilder out = new StringBuilder();
        out.append(Count.of(calls, "call"))
                .append(": ")
                .append(Count.number(allowed))
                .append(" allowed, ")
                .append(Count.number(calls - allowed - waiting))
                .append(" denied");
        if (waiting > 0) {
            out.append(", ").append(Count.number(waiting)).append(" for a person to decide");
        }
        if (recorded > 0) {
            out.append("; of the allowed, ").append(Count.number(recorded)).append(" only because of audit mode");
        }
        refusalsByRule.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(SHOWN_RULES)
                .forEach(rule -> out.append('\n')
                        .append(String.format("%10s  ", Count.number(rule.getValue())))
                        .append(Printable.of(rule.getKey())));
        if (refusalsByRule.size() > SHOWN_RULES) {
            out.append("\n            and ").append(Count.of(refusalsByRule.size() - SHOWN_RULES, "more rule"));
        }
        if (damaged > 0) {
            out.append('\n').append(Count.of(damaged, "damaged line")).append(" left out");
        }
        return out.toString();
    }
}
