package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/**
 * Loading takes work in proportion to the policy's size, counted in bytes, which are the same on every machine. How
 * long it takes beside the bare parser is a row of {@code docs/benchmarks.md}.
 */
class LoadWorkTest {

    /** Reading, checking and building a tool with five rules; half as much again as it is now. */
    private static final long MOST_BYTES_FOR_A_TOOL = 128 << 10;

    @Test
    void tenTimesTheToolsTakeTenTimesTheBytes() {
        // What is loaded once, such as classes, is not the document's.
        load(100);
        long some = load(1_000);
        long many = load(10_000);

        assertThat((double) many / some).isBetween(9.0, 11.0);
        assertThat(many / 10_000).isLessThan(MOST_BYTES_FOR_A_TOOL);
    }

    private static long load(int tools) {
        String document = document(tools);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        ReadResult reading = PolicyYaml.read(document, "large.yaml");
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(reading.orThrow().body().tools()).hasSize(tools);
        return allocated;
    }

    private static String document(int tools) {
        StringBuilder out = new StringBuilder("version: \"1\"\ntools:\n");
        for (int i = 0; i < tools; i++) {
            String tool = "tool_" + i;
            out.append("  ")
                    .append(tool)
                    .append(":\n    rules:\n")
                    .append("      - {name: a, conditions: [{path: args.amount, op: lte, value: 500}]}\n")
                    .append("      - {name: b, rate_limit: 5/hour}\n")
                    .append("      - {name: c, conditions: [{path: args.cur, op: in, value: [usd, eur]}]}\n")
                    .append("      - {state: {counter: n, window: day}, conditions: [{path: state.")
                    .append(tool)
                    .append(".n, op: lte, value: 7}]}\n")
                    .append("      - {action: allow, rate_limit: {max: 10, window: 60},"
                            + " validate: {required_args: true}}\n");
        }
        return out.toString();
    }
}
