package dev.interlock.policy.engine;

import dev.interlock.policy.ConditionArbitraries;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.TimedCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generated calls of the tools that {@link PolicyArbitraries} speak of, and now and then of others. */
final class CallArbitraries {

    /** Tuesday, 31 March 2026, 23:59:30 UTC: all calendar windows but the week are about to end. */
    private static final long START = 1_775_001_570_000L;

    /** The servers that calls name. Some names look like others. */
    static final List<String> SERVERS = List.of("files", "web", "fs", "Files", "fil\u0435s", "\uff46iles", " files");

    private CallArbitraries() {}

    static Arbitrary<ToolCall> calls() {
        return calls(tools());
    }

    /** Calls of usual tools only. */
    static Arbitrary<ToolCall> usualCalls() {
        return calls(Arbitraries.of(PolicyArbitraries.TOOLS));
    }

    /** A few calls one after another. Many repeat the one before, so that limits run out. */
    static Arbitrary<List<TimedCall>> sequences() {
        Arbitrary<Long> pauses = Arbitraries.frequency(
                Tuple.of(8, 0L),
                Tuple.of(4, 1_000L),
                Tuple.of(2, 7_300L),
                Tuple.of(2, 30_000L),
                Tuple.of(1, 61_000L),
                Tuple.of(1, 3_600_000L),
                Tuple.of(1, 86_400_000L));
        Arbitrary<CallOutcome> outcomes = Arbitraries.frequency(
                Tuple.of(6, CallOutcome.SUCCEEDED),
                Tuple.of(2, CallOutcome.FAILED),
                Tuple.of(1, CallOutcome.TOOL_ERROR),
                Tuple.of(1, CallOutcome.UNSENT),
                Tuple.of(1, CallOutcome.UNKNOWN));
        Arbitrary<Long> lengths = Arbitraries.frequency(
                Tuple.of(8, 0L),
                Tuple.of(2, 1_000L),
                Tuple.of(2, 9_000L),
                Tuple.of(2, 70_000L),
                Tuple.of(1, 1_000_000L));
        Arbitrary<Step> steps = Combinators.combine(
                        calls(), Arbitraries.integers().between(0, 3), pauses, outcomes, lengths)
                .as(Step::new);
        return steps.list().ofMinSize(1).ofMaxSize(12).map(CallArbitraries::timed);
    }

    private record Step(ToolCall call, int repeat, long pause, CallOutcome outcome, long length) {}

    private static List<TimedCall> timed(List<Step> steps) {
        List<TimedCall> calls = new ArrayList<>();
        long now = START;
        for (Step step : steps) {
            boolean again = step.repeat > 0 && !calls.isEmpty();
            ToolCall call = again ? calls.get(calls.size() - 1).call() : step.call;
            now += step.pause;
            // What is given back late is not exact in a bucket, which the naive interpreter doesn't know of.
            boolean givesBack = step.outcome == CallOutcome.FAILED || step.outcome == CallOutcome.UNSENT;
            calls.add(new TimedCall(call, now, step.outcome, givesBack ? now : now + step.length));
        }
        return calls;
    }

    private static Arbitrary<ToolCall> calls(Arbitrary<String> tools) {
        return Combinators.combine(
                        tools,
                        ConditionArbitraries.arguments(),
                        Arbitraries.of(Arrays.asList("alice", "bob", "ops-1", "alice", "mallory", null)),
                        Arbitraries.of(Arrays.asList("s1", "s2", "s3", null)),
                        Arbitraries.frequencyOf(
                                Tuple.of(3, Arbitraries.of(Arrays.asList("files", null))),
                                Tuple.of(2, Arbitraries.of(SERVERS))),
                        ConditionArbitraries.contexts())
                .as((tool, arguments, identity, session, server, context) -> ToolCall.of(tool, arguments)
                        .by(identity)
                        .in(session)
                        .on(server)
                        .with((ObjectValue) Value.freeze(context)));
    }

    private static Arbitrary<String> tools() {
        return Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.just("pay")),
                Tuple.of(12, Arbitraries.of(PolicyArbitraries.TOOLS)),
                Tuple.of(
                        1,
                        Arbitraries.of("unheard_of", "p", "puy", "Pay", "p\u0430y", "ｐay", "pay\u200b", "pay ", " ")));
    }
}
