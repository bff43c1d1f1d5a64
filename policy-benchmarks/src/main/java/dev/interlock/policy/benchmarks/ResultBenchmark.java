package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A call that is admitted and answered with a text of 1 kB, with and without a rule on results. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class ResultBenchmark {

    private static final int CALLS = 64;

    private final PolicyEngine without = engine("{}");
    private final PolicyEngine bounded = engine("{results: [{max_bytes: 100000}]}");
    private final PolicyEngine redacted = engine("{results: [{redact: [secrets, emails, card_numbers, ibans]}]}");
    private final ToolCall[] calls = new ToolCall[CALLS];
    private final CallResult[] answers = new CallResult[CALLS];
    private int next;

    private static PolicyEngine engine(String entry) {
        return Refunds.engine("""
                version: "1"
                tools:
                  fetch: %s
                """.formatted(entry));
    }

    /** Creates the calls and answers, and checks that every answer passes as it is. */
    @Setup
    public void setUp() {
        for (int i = 0; i < CALLS; i++) {
            calls[i] = ToolCall.of("fetch", Map.of("page", i));
            String text = ("Page " + i + " has nothing that anyone would mind. ")
                    .repeat(25)
                    .substring(0, 1_000);
            answers[i] = CallResult.of(Map.of("content", List.of(Map.of("type", "text", "text", text))));
        }
        for (int i = 0; i < CALLS; i++) {
            for (PolicyEngine engine : List.of(without, bounded, redacted)) {
                if (!answer(engine).equals(answers[next])) {
                    throw new IllegalStateException("answer " + i + " was changed");
                }
            }
        }
    }

    private CallResult answer(PolicyEngine engine) {
        next = (next + 1) & (CALLS - 1);
        Admission admission = engine.admit(calls[next]);
        if (!admission.judgesAnswer()) {
            admission.succeeded();
            return answers[next];
        }
        JudgedResult judged = admission
                .answered(answers[next], CallOutcome.SUCCEEDED)
                .toCompletableFuture()
                .join();
        return judged.shown();
    }

    /** Nothing looks at the answer, and nothing asks whether it should. */
    @Benchmark
    public CallResult settled() {
        next = (next + 1) & (CALLS - 1);
        without.admit(calls[next]).succeeded();
        return answers[next];
    }

    /** The policy says nothing about results. */
    @Benchmark
    public CallResult off() {
        return answer(without);
    }

    /** A rule with a bound that is far away. */
    @Benchmark
    public CallResult maxBytes() {
        return answer(bounded);
    }

    /** A rule with all presets, which find nothing. */
    @Benchmark
    public CallResult presets() {
        return answer(redacted);
    }
}
