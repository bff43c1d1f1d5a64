package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The decision of {@link AdmitBenchmark}, with a bucket for each session and each value of the call. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class PartitionBenchmark {

    private static final int SESSIONS = 64;

    /** What is counted separately besides the session. */
    @Param({"nothing", "args.customer.id", "folded", "args"})
    public String per;

    private final ToolCall[] calls = new ToolCall[Refunds.CALLS * SESSIONS];
    private PolicyEngine engine;
    private int at;

    /** Creates the calls, and makes each once, so that every key exists. */
    @Setup
    public void setUp() {
        engine = Refunds.engine(Refunds.limitedPolicy(
                switch (per) {
                    case "nothing" -> "";
                    case "folded" -> ", per: {path: args.customer.id, fold: true}";
                    default -> ", per: " + per;
                }));
        ToolCall[] refunds = Refunds.calls();
        for (int i = 0; i < calls.length; i++) {
            calls[i] = refunds[i % refunds.length].in(Refunds.own("session-" + i * 7 % SESSIONS));
            engine.admit(calls[i]).succeeded();
        }
    }

    /** Admitted, and settled as a call that succeeded. */
    @Benchmark
    public boolean admit() {
        at = (at + 1) % calls.length;
        Admission admission = engine.admit(calls[at]);
        boolean allowed = admission.decision().allowed();
        admission.succeeded();
        return allowed;
    }
}
