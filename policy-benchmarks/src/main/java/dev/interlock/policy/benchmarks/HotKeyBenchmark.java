package dev.interlock.policy.benchmarks;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** All threads in one session, compared with the minimum that any limiter on a clock needs. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class HotKeyBenchmark {

    private final PolicyEngine ruled = Refunds.engine(Refunds.fastLimitedPolicy());
    private final AtomicReference<@Nullable AuditEvent> last = new AtomicReference<>();
    private final PolicyEngine recorded = PolicyEngine.builder(
                    PolicyYaml.read(Refunds.fastLimitedPolicy(), "policy").orThrow())
            .audit(last::set)
            .build();
    private final PolicyEngine limited = Refunds.engine(Refunds.onlyFastLimitedPolicy());
    private final ToolCall call = Refunds.calls()[0].in("session");
    private final AtomicLong cell = new AtomicLong();

    /** Reads the clock and repeats a compare-and-set until it succeeds. */
    @Benchmark
    public long nanoTimeAndCompareAndSet() {
        while (true) {
            long before = cell.get();
            long now = Math.max(before, System.nanoTime()) + 1;
            if (cell.compareAndSet(before, now)) {
                return now;
            }
        }
    }

    /** Interlock with the bucket alone. */
    @Benchmark
    public boolean interlockBucket() {
        return admit(limited);
    }

    /** Interlock with the three conditions as well. */
    @Benchmark
    public boolean interlock() {
        return admit(ruled);
    }

    /** Interlock with the three conditions and a sink, so that both ends of the call become events. */
    @Benchmark
    public boolean interlockRecorded() {
        return admit(recorded);
    }

    private boolean admit(PolicyEngine engine) {
        Admission admission = engine.admit(call);
        boolean allowed = admission.decision().allowed();
        admission.succeeded();
        return allowed;
    }
}
