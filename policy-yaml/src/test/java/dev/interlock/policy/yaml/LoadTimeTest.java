package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Iterator;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** A large policy loads in a time that is near the bare parser's. */
class LoadTimeTest {

    private static final int TOOLS = 10_000;
    private static final int ROUNDS = 3;

    /** Reading, checking and building may take so many times as long as running through the parser's events. */
    private static final double MOST_TIMES_THE_PARSER = 2.5;

    @Test
    @SuppressWarnings("SystemOut") // The measurement, for whoever looks for what became slow.
    void tenThousandToolsWithFiveRulesEachLoadInUnderASecond() {
        String document = document();
        assertThat(PolicyYaml.read(document, "large.yaml").orThrow().body().tools())
                .hasSize(TOOLS);
        long parse = Long.MAX_VALUE;
        long read = Long.MAX_VALUE;
        // The best of some rounds: collecting garbage, compiling and cold caches only ever add.
        for (int i = 0; i < ROUNDS; i++) {
            parse = Math.min(parse, nanos(() -> events(document)));
            read = Math.min(
                    read, nanos(() -> PolicyYaml.read(document, "large.yaml").isValid()));
        }
        System.out.printf(
                "%,d tools with 5 rules each (%,d bytes): %d ms, %.2f times the bare parser's %d ms%n",
                TOOLS, document.length(), read / 1_000_000, (double) read / parse, parse / 1_000_000);
        assertThat(read).isLessThan(1_000_000_000L);
        assertThat((double) read / parse).isLessThan(MOST_TIMES_THE_PARSER);
    }

    private static int events(String document) {
        int events = 0;
        var settings =
                LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();
        Iterator<Event> parser = new ParserImpl(settings, new StreamReader(settings, document));
        while (parser.hasNext()) {
            parser.next();
            events++;
        }
        return events;
    }

    /** Processor time of this thread, which other work on the machine doesn't add to. */
    private static long nanos(Supplier<Object> work) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        assertThat(work.get()).isNotNull();
        return threads.getCurrentThreadCpuTime() - start;
    }

    private static String document() {
        StringBuilder out = new StringBuilder("version: \"1\"\ntools:\n");
        for (int i = 0; i < TOOLS; i++) {
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
                    .append(
                            "      - {action: allow, rate_limit: {max: 10, window: 60}, validate: {required_args: true}}\n");
        }
        return out.toString();
    }
}
