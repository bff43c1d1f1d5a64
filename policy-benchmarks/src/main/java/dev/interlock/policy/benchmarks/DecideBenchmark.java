package dev.interlock.policy.benchmarks;

import com.cedarpolicy.model.AuthorizationRequest;
import com.cedarpolicy.model.exception.AuthException;
import dev.cel.runtime.CelEvaluationException;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.ArrayList;
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

/** A decision by tool and three conditions on arguments, without any limit. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class DecideBenchmark {

    private final PolicyEngine engine = Refunds.engine(Refunds.policy());
    private final HandWritten handWritten = new HandWritten();
    private final ToolCall[] calls = Refunds.calls();
    private final List<Map<String, Object>> arguments = new ArrayList<>();
    private final CelRule cel = new CelRule();
    private final CasbinRule casbin = new CasbinRule();
    private final CedarRule cedar = new CedarRule();
    private final List<AuthorizationRequest> cedarRequests = new ArrayList<>();
    private int next;

    /** Creates the arguments, and checks that all candidates agree. */
    @Setup
    public void setUp() throws CelEvaluationException, AuthException {
        for (int i = 0; i < Refunds.CALLS; i++) {
            arguments.add(Refunds.arguments(i));
            cedarRequests.add(CedarRule.request(Refunds.TOOL, Refunds.arguments(i)));
        }
        for (int i = 0; i < Refunds.CALLS; i++) {
            if (!interlock().allowed() || !ifsOnFrozen() || !ifsOnMaps() || !cel() || !jcasbin() || !cedar()) {
                throw new IllegalStateException("they don't agree on call " + i);
            }
        }
    }

    private int next() {
        next = (next + 1) & (Refunds.CALLS - 1);
        return next;
    }

    /** Interlock, from a call that is ready. */
    @Benchmark
    public Decision interlock() {
        return engine.decide(calls[next()]);
    }

    /**
     * Interlock, including the freezing of the arguments, which makes sure that what is sent is what was decided on.
     */
    @Benchmark
    public Decision interlockWithFreezing() {
        return engine.decide(ToolCall.of(Refunds.TOOL, arguments.get(next())));
    }

    /** Map lookups and ifs, on the same frozen arguments. */
    @Benchmark
    public boolean ifsOnFrozen() {
        ToolCall call = calls[next()];
        return handWritten.allows(call.tool(), call.arguments().root());
    }

    /** Map lookups and ifs, on the maps that a JSON reader produces. */
    @Benchmark
    public boolean ifsOnMaps() {
        int i = next();
        return handWritten.allows(calls[i].tool(), arguments.get(i));
    }

    /** The same rule in CEL, compiled. */
    @Benchmark
    public boolean cel() throws CelEvaluationException {
        int i = next();
        return cel.allows(calls[i].tool(), arguments.get(i));
    }

    /** Only whether the caller's role may call the tool: jCasbin's usual model has no arguments. */
    @Benchmark
    public boolean jcasbin() {
        return casbin.allows("alice", calls[next()].tool());
    }

    /** The same rule in Cedar, whose evaluator is native code behind a JSON text. */
    @Benchmark
    public boolean cedar() throws AuthException {
        return cedar.allows(cedarRequests.get(next()));
    }
}
