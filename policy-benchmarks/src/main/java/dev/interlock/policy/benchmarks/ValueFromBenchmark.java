package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
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

/** One condition that compares an argument with a value of the policy, or with the same value of the call. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class ValueFromBenchmark {

    private static final int CALLS = 64;

    /** The operator. */
    @Param({"eq", "in", "lte", "within_path", "host_in"})
    public String operator = "eq";

    private final ToolCall[] calls = new ToolCall[CALLS];
    private PolicyEngine fixed = engine("value: 0");
    private PolicyEngine compared = fixed;
    private int next;

    private PolicyEngine engine(String operand) {
        return Refunds.engine("""
                version: "1"
                tools:
                  read:
                    require:
                      - {path: args.it, op: %s, %s}
                """.formatted(operator, operand));
    }

    /** Creates the engines and calls, and checks that both engines allow every second one. */
    @Setup
    public void setUp() {
        fixed = engine("value: " + operand().json());
        compared = engine("value_from: ctx.it");
        for (int i = 0; i < CALLS; i++) {
            boolean good = i % 2 == 0;
            Object argument = switch (operator) {
                case "eq", "in" -> good ? Refunds.own("user-17") : "user-" + (20 + i);
                case "lte" -> good ? i / 2 : 51 + i;
                case "within_path" -> (good ? "/srv/app/tmp/" : "/srv/app/src/") + i + ".txt";
                default -> (good ? "https://a.example.org/" : "https://example.com/") + i;
            };
            calls[i] = ToolCall.of("read", Map.of("it", argument)).with(ObjectValue.of(Map.of("it", operand())));
        }
        for (int i = 0; i < CALLS; i++) {
            boolean allowed = i % 2 == 0;
            if (fixed.decide(calls[i]).allowed() != allowed
                    || compared.decide(calls[i]).allowed() != allowed) {
                throw new IllegalStateException("call " + i + " is decided wrongly");
            }
        }
    }

    /** A copy each time, since what a host says with a call is never the same object as the one in a policy. */
    private Value operand() {
        return Value.freeze(
                switch (operator) {
                    case "eq" -> Refunds.own("user-17");
                    case "in" -> List.of(Refunds.own("user-16"), Refunds.own("user-17"), Refunds.own("user-18"));
                    case "lte" -> 50;
                    case "within_path" -> List.of(Refunds.own("/srv/app/out"), Refunds.own("/srv/app/tmp"));
                    default -> List.of(Refunds.own("api.example.com"), Refunds.own("*.example.org"));
                });
    }

    private ToolCall next() {
        next = (next + 1) & (CALLS - 1);
        return calls[next];
    }

    /** The value stands in the policy. */
    @Benchmark
    public Decision value() {
        return fixed.decide(next());
    }

    /** The host says the value with the call. */
    @Benchmark
    public Decision valueFrom() {
        return compared.decide(next());
    }
}
