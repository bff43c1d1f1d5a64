package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A call whose session has marks: what reading one adds to a decision, and what setting one costs. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class MarkBenchmark {

    private static final int SESSIONS = 64;

    /** Whether the policy has marks. */
    @Param({"none", "read"})
    public String marks;

    private final ToolCall[] sends = new ToolCall[SESSIONS];
    private final ToolCall[] fetches = new ToolCall[SESSIONS];
    private PolicyEngine engine;
    private int at;

    /** Creates the calls, and marks every session. */
    @Setup
    public void setUp() {
        boolean reads = marks.equals("read");
        engine = Refunds.engine("version: \"1\"\ntools:\n  fetch: "
                + (reads ? "{marks: [{name: web, on: success}]}" : "{}")
                + "\n  send: {require: [{path: args.to, op: eq, value: ana}"
                + (reads ? ", {path: session.web, op: exists, value: true}" : "")
                + "]}\n");
        for (int i = 0; i < SESSIONS; i++) {
            sends[i] = ToolCall.of("send", Map.of("to", Refunds.own("ana"))).in(Refunds.own("session-" + i));
            fetches[i] = ToolCall.of("fetch", Map.of()).in(Refunds.own("session-" + i));
            engine.admit(fetches[i]).succeeded();
        }
    }

    /** Admitted, and settled as a call that succeeded. */
    @Benchmark
    public boolean read() {
        at = (at + 1) % SESSIONS;
        Admission admission = engine.admit(sends[at]);
        boolean allowed = admission.decision().allowed();
        admission.succeeded();
        return allowed;
    }

    /** A call that sets a mark that its session already has. */
    @Benchmark
    public boolean set() {
        at = (at + 1) % SESSIONS;
        Admission admission = engine.admit(fetches[at]);
        boolean allowed = admission.decision().allowed();
        admission.succeeded();
        return allowed;
    }
}
