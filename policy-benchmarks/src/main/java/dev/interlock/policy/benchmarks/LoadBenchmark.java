package dev.interlock.policy.benchmarks;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;

/** From text to an engine, compared with the time of the YAML parser alone. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(Scope.Thread)
public class LoadBenchmark {

    /** How many tools the policy has. */
    @Param("10000")
    public int tools;

    private final LoadSettings settings =
            LoadSettings.builder().setCodePointLimit(16 << 20).build();
    private String text;

    /** Writes the policy. */
    @Setup
    public void setUp() {
        StringBuilder policy = new StringBuilder("version: \"1\"\ndefault: deny\ntools:\n");
        for (int i = 0; i < tools; i++) {
            policy.append("  tool_").append(i).append(":\n    rules:\n      - name: small\n        conditions:\n");
            policy.append("          - {path: args.amount, op: lte, value: ")
                    .append(i)
                    .append("}\n");
            policy.append("      - name: often\n        rate_limit: {max: 10, window: 60}\n");
        }
        text = policy.toString();
    }

    /** Interlock: read, checked, and installed. */
    @Benchmark
    public PolicyEngine interlock() {
        return PolicyEngine.builder(PolicyYaml.read(text, "policy").orThrow()).build();
    }

    /** The parser's events alone; nothing is built from them. */
    @Benchmark
    public int parse() {
        int scalars = 0;
        for (Event event : new Parse(settings).parseString(text)) {
            scalars += event.getEventId() == Event.ID.Scalar ? 1 : 0;
        }
        return scalars;
    }

    /** The parser, with maps and lists built from its events. */
    @Benchmark
    public Object load() {
        return new Load(settings).loadFromString(text);
    }
}
