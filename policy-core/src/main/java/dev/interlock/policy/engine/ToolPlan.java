package dev.interlock.policy.engine;

import dev.interlock.policy.Place;
import dev.interlock.policy.limit.Charge;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a policy has to say of one tool, for one grant and one rating: flat, in the order in which it is checked.
 */
final class ToolPlan {

    /** The decision for every call, whatever its arguments; null if that depends. */
    private final @Nullable Decision verdict;

    private final boolean listed;
    private final List<Place> entries;
    private final Check[] checks;
    private final LimitSlot[] slots;
    private final List<CounterRead> reads;

    private ToolPlan(
            @Nullable Decision verdict,
            boolean listed,
            List<Place> entries,
            Check[] checks,
            LimitSlot[] slots,
            List<CounterRead> reads) {
        this.verdict = verdict;
        this.listed = listed;
        this.entries = entries;
        this.checks = checks;
        this.slots = slots;
        this.reads = reads;
    }

    /** A tool that is denied whatever the arguments. */
    static ToolPlan denied(Decision decision) {
        return new ToolPlan(decision, decision.audited(), List.of(), new Check[0], new LimitSlot[0], List.of());
    }

    /** A tool whose calls are checked. */
    static ToolPlan checked(
            boolean listed, List<Place> entries, List<Check> checks, List<LimitSlot> slots, List<CounterRead> reads) {
        return new ToolPlan(
                null,
                listed,
                List.copyOf(entries),
                checks.toArray(Check[]::new),
                slots.toArray(LimitSlot[]::new),
                List.copyOf(reads));
    }

    /** The decision for every call, whatever its arguments; null if that depends. */
    @Nullable
    Decision verdict() {
        return verdict;
    }

    /** Where the entries stand that the checks and limits come from, in order. */
    List<Place> entries() {
        return entries;
    }

    /** Whether {@code tools/list} shows the tool. */
    boolean listed() {
        return listed;
    }

    /** What is checked, in order. */
    List<Check> checks() {
        return Collections.unmodifiableList(Arrays.asList(checks));
    }

    /** What a call that passed is charged to, in order. */
    List<LimitSlot> slots() {
        return Collections.unmodifiableList(Arrays.asList(slots));
    }

    /** Whether a call that passed is charged to anything. */
    boolean limits() {
        return slots.length > 0;
    }

    /** Whether conditions read counters. */
    boolean readsCounters() {
        return !reads.isEmpty();
    }

    /** What the limiter is asked for the counters that conditions read. */
    List<Charge> probes(ToolCall call) {
        return reads.stream().map(read -> read.probe(call)).toList();
    }

    /**
     * The decision on a call before limits are asked for room: the first denial, else the first question, else the first
     * denial that is only recorded, else allowed.
     */
    Decision check(ToolCall call, CounterValues counters) {
        Decision question = null;
        Decision audited = verdict;
        if (verdict != null && !verdict.audited()) {
            return verdict;
        }
        for (Check check : checks) {
            Decision decision = check.apply(call, counters);
            if (decision == null) {
                continue;
            }
            if (decision.audited()) {
                audited = audited == null ? decision : audited;
            } else if (decision.verdict() == Decision.Verdict.NEEDS_APPROVAL) {
                question = question == null ? decision : question;
            } else {
                return decision;
            }
        }
        if (question != null) {
            return question;
        }
        return audited == null ? Decision.ALLOWED : audited;
    }
}
