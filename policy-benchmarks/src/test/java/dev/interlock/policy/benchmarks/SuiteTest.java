package dev.interlock.policy.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs. What it measures here means nothing. */
class SuiteTest {

    @ParameterizedTest
    @MethodSource("benchmarks")
    void everyBenchmarkRunsOnce(String benchmark) throws RunnerException {
        Collection<RunResult> results = new Runner(Pace.SMOKE
                        .options(benchmark)
                        .verbosity(VerboseMode.SILENT)
                        .param("keys", "1000")
                        .param("spread", "zipf")
                        .param("size", "10x1", "10x10")
                        .param("tools", "100")
                        .build())
                .run();
        assertThat(results)
                .isNotEmpty()
                .allSatisfy(result ->
                        assertThat(result.getPrimaryResult().getScore()).isPositive());
    }

    static Stream<String> benchmarks() {
        return Stream.concat(Suite.ONE_THREAD.stream(), Suite.LATE_TO_SETTLE.stream());
    }

    @Test
    void aBucketOfOursTakesLessMemoryThanAnyOther() throws Exception {
        double ours = Suite.bytesOfABucket("interlock", 20_000);
        assertThat(ours).isGreaterThan(50);
        assertThat(Suite.bytesOfABucket("bucket4j", 20_000)).isGreaterThan(ours);
        assertThat(Suite.bytesOfABucket("resilience4j", 20_000)).isGreaterThan(ours);
    }

    @ParameterizedTest
    @FieldSource("dev.interlock.policy.benchmarks.CallTool#TRANSPORTS")
    void aWholeCallCanBeTimed(String transport) throws Exception {
        CallTool.Cost cost = Suite.costOfACall(transport, 1, 1);
        assertThat(cost.without()).isPositive();
        assertThat(cost.with()).isPositive();
    }

    @Test
    void aStartCanBeTimed() throws Exception {
        assertThat(Suite.millisMoreThanNothing(1)).isFinite();
    }
}
