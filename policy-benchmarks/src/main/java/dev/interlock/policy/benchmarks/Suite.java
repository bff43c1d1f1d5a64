package dev.interlock.policy.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;

/** Everything that is measured. */
final class Suite {

    static final List<String> ONE_THREAD = List.of(
            "DecideBenchmark",
            "AdmitBenchmark",
            "HotKeyBenchmark",
            "ResultBenchmark",
            "RegexBenchmark",
            "SizeBenchmark");

    /** On one thread, after a longer warm-up. */
    static final List<String> LATE_TO_SETTLE =
            List.of("ValueFromBenchmark", "PartitionBenchmark", "MarkBenchmark", "LoadBenchmark");

    static final List<String> TWO_THREADS = List.of("AdmitBenchmark", "HotKeyBenchmark");

    private static final int BUCKETS = 1_000_000;
    private static final int STARTS = 11;

    private Suite() {}

    /** Measures all of it. */
    static Results run(Pace pace) throws RunnerException, IOException, InterruptedException {
        Results results = new Results();
        // Measurements that involve other processes come first: if one of them fails, little time is lost.
        for (String transport : CallTool.TRANSPORTS) {
            CallTool.Cost cost = costOfACall(transport, pace.callMillis(), pace.callMillis());
            results.add("callTool " + transport + " without", cost.without());
            results.add("callTool " + transport + " with", cost.with());
        }
        for (String whose : List.of("interlock", "bucket4j", "resilience4j")) {
            results.add("memory " + whose, bytesOfABucket(whose, BUCKETS));
        }
        results.add("start", millisMoreThanNothing(STARTS));
        for (String benchmark : ONE_THREAD) {
            results.add(new Runner(pace.options(benchmark).threads(1).build()).run());
        }
        for (String benchmark : LATE_TO_SETTLE) {
            results.add(new Runner(pace.longOptions(benchmark).threads(1).build()).run());
        }
        for (String benchmark : TWO_THREADS) {
            results.add(new Runner(pace.options(benchmark).threads(2).build()).run());
        }
        return results;
    }

    static double bytesOfABucket(String whose, int buckets) throws IOException, InterruptedException {
        String bytes = ChildJvm.run(
                BucketMemory.class, List.of("-Xmx1600m", "-XX:+UseSerialGC"), whose, Integer.toString(buckets));
        return Double.parseDouble(bytes);
    }

    static CallTool.Cost costOfACall(String transport, long warmUpMillis, long millis)
            throws IOException, InterruptedException {
        String times = ChildJvm.run(
                CallTool.class,
                List.of("-Xms1g", "-Xmx1g"),
                transport,
                Long.toString(warmUpMillis),
                Long.toString(millis));
        int space = times.indexOf(' ');
        return new CallTool.Cost(
                Double.parseDouble(times.substring(0, space)), Double.parseDouble(times.substring(space + 1)));
    }

    /**
     * How much longer a JVM lives that makes one decision than one that does nothing: the difference of the medians.
     */
    static double millisMoreThanNothing(int times) throws IOException, InterruptedException {
        List<Long> deciding = new ArrayList<>();
        List<Long> nothing = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            deciding.add(nanos(FirstDecision.class));
            nothing.add(nanos(FirstDecision.Nothing.class));
        }
        return (median(deciding) - median(nothing)) / 1e6;
    }

    private static long nanos(Class<?> main) throws IOException, InterruptedException {
        long start = System.nanoTime();
        ChildJvm.run(main, List.of());
        return System.nanoTime() - start;
    }

    private static long median(List<Long> values) {
        long[] sorted = values.stream().mapToLong(Long::longValue).sorted().toArray();
        return Arrays.stream(sorted).skip(sorted.length / 2).findFirst().orElseThrow();
    }
}
