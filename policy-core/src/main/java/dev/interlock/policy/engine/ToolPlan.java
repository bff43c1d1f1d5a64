package dev.interlock.policy.engine;

import dev.interlock.policy.Place;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.engine.Explanation.Result;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.RateLimiter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything a policy says about one tool, for one grant and one rating: a flat list in the order of checking. */
final class ToolPlan {

    /** The decision for every call if it does not depend on the arguments; otherwise null. */
    private final @Nullable Decision verdict;

    private final boolean audit;
    private final boolean listed;
    private final List<Place> entries;
    private final CallCheck[] checks;

    /** The same checks, with the conditions of consecutive rules joined. */
    private final CallCheck[] joined;

    private final CompiledLimit[] slots;
    private final List<CounterReference> reads;

    /** Whether there are only checks: no limits, and no counters to read. */
    private final boolean checksOnly;

    /**
     * The one limit that a call is charged to, opened. Null if there are other limits or the limiter has no such way.
     */
    private final @Nullable LimitHandle bucket;

    /**
     * How many of the {@link #joined} checks come before the count in {@link #bucket} is looked up. The last check may
     * be that the call has the values by which the bucket counts separately, and the look-up reads these anyway.
     */
    private final int checksBeforeCount;

    private final boolean asksHost;

    /** Null if no entry says how often a call may be made again. */
    private final @Nullable PlannedRounds rounds;

    /** What finds the calls that a call makes by running other tools; null if the tool runs none. */
    private final @Nullable List<CompiledUnwrap> unwraps;

    /** What is said about the end of a call; null if nothing is. */
    private final @Nullable PlannedEnd end;

    /** Whether calls are noted in their sessions, and read their marks. */
    private final boolean readsMarks;

    private ToolPlan(
            @Nullable Decision verdict,
            boolean audit,
            boolean listed,
            List<Place> entries,
            CallCheck[] checks,
            CompiledLimit[] slots,
            List<CounterReference> reads,
            @Nullable LimitHandle bucket,
            @Nullable PlannedRounds rounds,
            @Nullable List<CompiledUnwrap> unwraps,
            @Nullable PlannedEnd end,
            boolean readsMarks) {
        this.verdict = verdict;
        this.audit = audit;
        this.listed = listed;
        this.entries = entries;
        this.checks = checks;
        this.joined = joined(checks);
        this.slots = slots;
        this.reads = reads;
        this.checksOnly = slots.length == 0 && reads.isEmpty() && end == null;
        this.asksHost = Arrays.stream(checks).anyMatch(CallCheck::asksHost);
        this.bucket = bucket;
        this.checksBeforeCount =
                bucket != null && endsWithValuesOf(slots[0], joined) ? joined.length - 1 : joined.length;
        this.rounds = rounds;
        this.unwraps = unwraps;
        this.end = end;
        this.readsMarks = readsMarks;
    }

    /**
     * A tool that is denied whatever its arguments are.
     *
     * @param audit whether the policy's own mode is to record only
     */
    static ToolPlan denied(Decision decision, boolean audit) {
        return new ToolPlan(
                decision,
                audit,
                audit,
                List.of(),
                new CallCheck[0],
                new CompiledLimit[0],
                List.of(),
                null,
                null,
                null,
                null,
                false);
    }

    /**
     * The same plan for a tool that is denied whatever its arguments are. Only a denial that is only recorded leaves
     * something to count.
     */
    ToolPlan deniedBy(Decision decision) {
        return new ToolPlan(
                decision, audit, audit, entries, checks, slots, reads, null, rounds, unwraps, end, readsMarks);
    }

    /** The same plan, whose calls must pass the checks of another plan first, before any verdict of its own. */
    ToolPlan after(ToolPlan first) {
        List<CallCheck> all = new ArrayList<>(first.checks());
        if (verdict != null) {
            all.add(new CallCheck.FixedDecision(verdict));
        }
        all.addAll(checks());
        return new ToolPlan(
                null,
                audit,
                listed,
                entries,
                all.toArray(new CallCheck[0]),
                slots,
                reads,
                null,
                rounds,
                unwraps,
                end,
                readsMarks);
    }

    /** A tool whose calls are checked. */
    static ToolPlan checked(
            boolean audit,
            boolean listed,
            List<Place> entries,
            List<CallCheck> checks,
            List<CompiledLimit> slots,
            List<CounterReference> reads,
            RateLimiter limiter,
            @Nullable PlannedRounds rounds,
            List<CompiledUnwrap> unwraps,
            @Nullable PlannedEnd end,
            boolean readsMarks) {
        return new ToolPlan(
                null,
                audit,
                audit || listed,
                List.copyOf(entries),
                checks.toArray(new CallCheck[0]),
                slots.toArray(new CompiledLimit[0]),
                List.copyOf(reads),
                slots.size() == 1 && reads.isEmpty() && end == null
                        ? slots.get(0).open(limiter)
                        : null,
                rounds,
                unwraps.isEmpty() ? null : List.copyOf(unwraps),
                end,
                readsMarks);
    }

    /**
     * The plan of a call together with those of the calls that it makes by running other tools.
     *
     * @param plans the plans of these calls
     * @param calls these calls, in the same order
     * @param denial why not all of these calls are known; null if they are
     */
    static ToolPlan together(ToolPlan own, List<ToolPlan> plans, List<ToolCall> calls, @Nullable Decision denial) {
        List<Place> entries = new ArrayList<>(own.entries);
        List<CallCheck> checks = new ArrayList<>(own.checks());
        List<CompiledLimit> slots = new ArrayList<>(own.slots());
        List<CounterReference> reads = new ArrayList<>(own.reads);
        List<PlannedEnd> ends = new ArrayList<>();
        PlannedRounds fewest = own.rounds;
        for (int i = 0; i < plans.size(); i++) {
            ToolPlan plan = plans.get(i);
            InnerCall inner = new InnerCall(calls.get(i), reads.size());
            if (plan.verdict != null) {
                if (own.audit && !plan.audit) {
                    return denied(plan.verdict, false); // Enforced under every policy, as by a lock.
                }
                checks.add(new CallCheck.FixedDecision(plan.verdict));
            }
            entries.addAll(plan.entries);
            for (CallCheck check : plan.checks) {
                // What would make tasks of these calls stands in the parameters of the call that makes them.
                if (check instanceof CallCheck.MarksSettable marks) {
                    checks.add(marks.of(inner));
                } else {
                    checks.add(check instanceof CallCheck.NoTask ? check : new CallCheck.OfInner(check, inner));
                }
            }
            for (CompiledLimit slot : plan.slots) {
                slots.add(slot.of(inner));
            }
            plan.reads.forEach(read -> reads.add(read.of(inner.call())));
            fewest = fewer(fewest, plan.rounds);
            if (plan.end != null) {
                ends.add(plan.end.of(inner));
            }
        }
        if (denial != null) {
            checks.add(new CallCheck.FixedDecision(denial));
        }
        return new ToolPlan(
                own.verdict,
                own.audit,
                own.listed,
                List.copyOf(entries),
                checks.toArray(new CallCheck[0]),
                slots.toArray(new CompiledLimit[0]),
                List.copyOf(reads),
                null,
                fewest,
                null,
                PlannedEnd.together(own.end, ends),
                own.readsMarks);
    }

    private static @Nullable PlannedRounds fewer(@Nullable PlannedRounds one, @Nullable PlannedRounds other) {
        return one == null
                        || (other != null
                                && other.rounds().most() < one.rounds().most())
                ? other
                : one;
    }

    /** What is said about the end of a call; null if nothing is. */
    @Nullable
    PlannedEnd end() {
        return end;
    }

    /** Whether calls to the tool make other calls. */
    boolean unwraps() {
        return unwraps != null;
    }

    /** What finds the calls that a call makes by running other tools. */
    List<CompiledUnwrap> unwrapped() {
        return unwraps == null ? List.of() : unwraps;
    }

    /** The decision for every call if it does not depend on the arguments; otherwise null. */
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

    /** The checks, in order. */
    List<CallCheck> checks() {
        return Collections.unmodifiableList(Arrays.asList(checks));
    }

    /** The limits that a call is charged to after it has passed the checks, in order. */
    List<CompiledLimit> slots() {
        return Collections.unmodifiableList(Arrays.asList(slots));
    }

    /** Whether there are only checks: no limits, and no counters to read. */
    boolean checksOnly() {
        return checksOnly;
    }

    /**
     * The one limit that a call is charged to, opened. Null if there are other limits or the limiter has no such way.
     */
    @Nullable
    LimitHandle bucket() {
        return bucket;
    }

    /** Whether the last check is that the call has the values of this limit. A cap on one call may need others. */
    private static boolean endsWithValuesOf(CompiledLimit slot, CallCheck[] checks) {
        return checks.length > 0
                && checks[checks.length - 1] instanceof CallCheck.PartitionKnown known
                && known.isOf(slot.partition());
    }

    /**
     * The count in {@link #bucket} that a call is charged to. Null if there is none yet, or if the call lacks a value
     * by which the bucket counts separately.
     */
    LimitHandle.@Nullable Count count(LimitHandle opened, ToolCall call) {
        CompiledLimit slot = slots[0];
        String values = slot.partition().values(call);
        return values == null ? null : opened.count(CompiledLimit.subject(slot.scope(), call), values);
    }

    /** How often a call may be made again with what its server asks for. */
    int mostRounds() {
        return rounds == null ? Rounds.MOST : rounds.rounds().most();
    }

    /** What the entries say about rounds; null if none says anything. */
    @Nullable
    PlannedRounds rounds() {
        return rounds;
    }

    /** The denial of an answer that asks for input; null if the server may ask. */
    @Nullable
    Decision inputDenial() {
        return rounds == null || rounds.rounds().most() > 0 ? null : rounds.denial();
    }

    /** The denial of an answer that makes a task of the call; null if the server may do so. */
    @Nullable
    Decision taskDenial() {
        Decision recorded = null;
        for (CallCheck check : checks) {
            if (check instanceof CallCheck.NoTask task) {
                if (!task.answered().audited()) {
                    return task.answered();
                }
                recorded = recorded == null ? task.answered() : recorded;
            }
        }
        return recorded;
    }

    /** Whether it limits how many calls are made at the same time. */
    boolean takesPlaces() {
        for (CompiledLimit slot : slots) {
            if (slot.isConcurrency()) {
                return true;
            }
        }
        return false;
    }

    /** Whether conditions read counters. */
    boolean readsCounters() {
        return !reads.isEmpty();
    }

    /** Whether calls are noted in their sessions, and read their marks. */
    boolean readsMarks() {
        return readsMarks;
    }

    /** Whether a decision depends on more than the call. */
    boolean readsMore() {
        return readsMarks || !reads.isEmpty();
    }

    /** Whether denials are only recorded, whatever their rule. */
    boolean audits() {
        return audit;
    }

    /** What is said about marks. */
    PlannedMarks marks() {
        return end == null ? PlannedMarks.NONE : end.marks();
    }

    /** The rule and mode of what is said about marks; null if no mark is set. */
    @Nullable
    DenialFactory markDenials() {
        for (CallCheck check : checks) {
            if (check instanceof CallCheck.MarksSettable marks) {
                return marks.denials();
            }
        }
        return null;
    }

    /** Whether conditions ask predicates of the host's. */
    boolean asksHost() {
        return asksHost;
    }

    /** The charges to query the limiter with, for the counters that conditions read. */
    List<Charge> probes(ToolCall call) {
        return reads.stream().map(read -> read.probe(call)).toList();
    }

    private static CallCheck[] joined(CallCheck[] checks) {
        List<CallCheck> joined = new ArrayList<>(checks.length);
        for (int i = 0; i < checks.length; i++) {
            CallCheck check = checks[i];
            while (i + 1 < checks.length
                    && check instanceof CallCheck.Conditions conditions
                    && conditions.enforced()
                    && checks[i + 1] instanceof CallCheck.Conditions next
                    && next.enforced()) {
                check = conditions.followedBy(next);
                i++;
            }
            joined.add(check);
        }
        return joined.toArray(new CallCheck[0]);
    }

    /**
     * The decision on a call before any limit is reserved. The first denial wins; then all questions in one; then the
     * first denial that is only recorded; then the first question that is only recorded. Otherwise the call is allowed.
     * Ignores the policy's own mode.
     */
    Decision check(ToolCall call, CounterSnapshot counters) {
        return check(call, counters, 0, joined.length);
    }

    /** The same, but allows a call that only lacks a value by which {@link #bucket} counts separately. */
    Decision checkBeforeCount(ToolCall call, CounterSnapshot counters) {
        return check(call, counters, 0, checksBeforeCount);
    }

    /** The decision on a call that {@link #checkBeforeCount} allows. */
    Decision checkAfterCount(ToolCall call, CounterSnapshot counters) {
        return check(call, counters, checksBeforeCount, joined.length);
    }

    private Decision check(ToolCall call, CounterSnapshot counters, int begin, int end) {
        if (verdict != null) {
            return verdict;
        }
        for (int i = begin; i < end; i++) {
            Decision decision = joined[i].apply(call, counters);
            if (decision != null) {
                return check(i, decision, call, counters);
            }
        }
        return Decision.ALLOWED;
    }

    /** The decision if {@code from} is the first check that objects to the call. */
    private Decision check(int from, Decision first, ToolCall call, CounterSnapshot counters) {
        List<AskingRule> asking = new ArrayList<>();
        Decision recordedDenial = null;
        Decision recordedQuestion = null;
        for (int i = from; i < joined.length; i++) {
            Decision decision = i == from ? first : joined[i].apply(call, counters);
            if (decision == null) {
                continue;
            }
            boolean asks = decision.verdict() == Decision.Verdict.NEEDS_APPROVAL;
            if (!decision.audited() && !asks) {
                return decision;
            } else if (!decision.audited()) {
                for (AskingRule rule : decision.asking()) {
                    if (!asking.contains(rule)) {
                        asking.add(rule); // Calls that one call makes may have a rule in common.
                    }
                }
            } else if (asks) {
                recordedQuestion = recordedQuestion == null ? decision : recordedQuestion;
            } else {
                recordedDenial = recordedDenial == null ? decision : recordedDenial;
            }
        }
        if (!asking.isEmpty()) {
            return Approvals.question(asking);
        }
        if (recordedDenial != null) {
            return recordedDenial;
        }
        return recordedQuestion == null ? Decision.ALLOWED : recordedQuestion;
    }

    /** The decision as it is reported. Under a policy that only records, it is marked as only recorded. */
    Decision told(Decision decision) {
        return audit && decision.verdict() != Decision.Verdict.ALLOWED ? decision.auditedOnly() : decision;
    }

    /** The same for one step of an explanation. */
    ExplainedStep told(ExplainedStep step) {
        boolean against = step.result() == Result.DENIED || step.result() == Result.ASKS;
        return audit && against ? new ExplainedStep(Result.AUDITED, step.text(), step.place(), step.details()) : step;
    }
}
