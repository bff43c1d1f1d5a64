package dev.interlock.policy.benchmarks;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The decision with policies of more tools, and of more rules for each tool. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class SizeBenchmark {

    /** How many tools the policy has, and how many rules each tool has. */
    @Param({"10x1", "1000x1", "100000x1", "10x10", "10x100"})
    public String size;

    private final ToolCall[] calls = new ToolCall[Refunds.CALLS];
    private PolicyEngine engine;
    private int next;

    /** Creates the policy, and calls to ten of its tools. */
    @Setup
    public void setUp() {
        int cross = size.indexOf('x');
        int tools = Integer.parseInt(size, 0, cross, 10);
        engine = PolicyEngine.builder(policy(tools, Integer.parseInt(size, cross + 1, size.length(), 10)))
                .build();
        for (int i = 0; i < calls.length; i++) {
            calls[i] = ToolCall.of("tool_" + (long) (i % 10) * (tools / 10), Refunds.arguments(i));
        }
        for (int i = 0; i < calls.length; i++) {
            if (!decide().allowed()) {
                throw new IllegalStateException("the policy denies");
            }
        }
    }

    static Policy policy(int tools, int rules) {
        StringBuilder text = new StringBuilder("version: \"1\"\ntools:\n  one:\n    rules:\n");
        for (int i = 0; i < rules; i++) {
            text.append("      - name: r").append(i);
            text.append("\n        conditions:\n          - ");
            // No two rules in a row use the same argument, which would save the second rule its lookup.
            text.append(
                    i % 2 == 0
                            ? "{path: args.amount, op: lte, value: " + (100 + i) + "}\n"
                            : "{path: args.currency, op: in, value: [EUR, USD, GBP, C" + i + "]}\n");
        }
        Policy one = PolicyYaml.read(text.toString(), "policy").orThrow();
        Entry entry = one.body().tools().values().iterator().next();
        Map<NamePattern, Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < tools; i++) {
            entries.put(new NamePattern("tool_" + i), entry);
        }
        PolicyBody body = one.body();
        return Policy.of(new PolicyBody(
                body.posture(), body.hide(), entries, Map.of(), Map.of(), Optional.empty(), Optional.empty()));
    }

    /** Interlock. */
    @Benchmark
    public Decision decide() {
        next = (next + 1) & (Refunds.CALLS - 1);
        return engine.decide(calls[next]);
    }
}
