package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Value;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A decision by one regex condition. The other candidates find the tool and the argument by hand. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class RegexBenchmark {

    /** The usual shapes of patterns in policies, with texts that match. */
    public enum Shape {
        /** One whole text. */
        LITERAL("^refund-approved$", "refund-approved"),
        /** One of several texts. */
        ALTERNATION("^(EUR|USD|GBP)$", "GBP"),
        /** The beginning of a text. */
        PREFIX("^https://example\\.com/", "https://example.com/orders/4711?verbose=true"),
        /** The characters that a text consists of. */
        CLASS("^[a-z0-9_-]+$", "order-4711-of-customer-0815"),
        /** A shape that is left to RE2/J. */
        OTHER("^[^/]+/(orders|refunds)/.*$", "billing/orders/4711");

        private final String pattern;
        private final String text;

        Shape(String pattern, String text) {
            this.pattern = pattern;
            this.text = text;
        }
    }

    /** The pattern. */
    @Param
    public Shape shape;

    private final ToolCall[] calls = new ToolCall[Refunds.CALLS];
    private final HandWritten handWritten = new HandWritten();
    private PolicyEngine engine;
    private Pattern pattern;
    private com.google.re2j.Pattern re2;
    private int next;

    /** Compiles the pattern for all candidates. */
    @Setup
    public void setUp() {
        engine = Refunds.engine("version: \"1\"\ndefault: deny\ntools:\n  " + Refunds.TOOL
                + ":\n    require:\n      - {path: args.text, op: regex, value: '" + shape.pattern + "'}\n");
        pattern = Pattern.compile(shape.pattern);
        re2 = com.google.re2j.Pattern.compile(shape.pattern);
        for (int i = 0; i < calls.length; i++) {
            calls[i] = ToolCall.of(Refunds.own(Refunds.TOOL), Map.of(Refunds.own("text"), Refunds.own(shape.text)));
        }
        if (!interlock().allowed() || !javaUtilRegex() || !re2j()) {
            throw new IllegalStateException("they don't agree on " + shape);
        }
    }

    private ToolCall next() {
        next = (next + 1) & (Refunds.CALLS - 1);
        return calls[next];
    }

    /** Interlock. */
    @Benchmark
    public Decision interlock() {
        return engine.decide(next());
    }

    /** By hand, with java.util.regex. */
    @Benchmark
    public boolean javaUtilRegex() {
        ToolCall call = next();
        return handWritten.knows(call.tool())
                && call.arguments().root().get("text") instanceof Value.Text text
                && pattern.matcher(text.value()).find();
    }

    /** By hand, with RE2/J. */
    @Benchmark
    public boolean re2j() {
        ToolCall call = next();
        return handWritten.knows(call.tool())
                && call.arguments().root().get("text") instanceof Value.Text text
                && re2.matcher(text.value()).find();
    }
}
