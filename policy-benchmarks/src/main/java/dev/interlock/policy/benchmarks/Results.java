package dev.interlock.policy.benchmarks;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** The measurements, by name: {@code HotKeyBenchmark.interlock x2}, {@code AdmitBenchmark.interlock 1000 zipf x1}. */
final class Results {

    private final Map<String, Double> scores = new TreeMap<>();
    private final Map<String, Double> bytes = new TreeMap<>();

    void add(Collection<RunResult> results) {
        for (RunResult result : results) {
            String name = name(result.getParams());
            scores.put(name, result.getPrimaryResult().getScore());
            Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
            if (allocated != null) {
                bytes.put(name, allocated.getScore());
            }
        }
    }

    void add(String name, double score) {
        scores.put(name, score);
    }

    private static String name(BenchmarkParams params) {
        String benchmark = params.getBenchmark();
        String method = benchmark.substring(benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1);
        String values = params.getParamsKeys().stream()
                .sorted()
                .map(key -> " " + params.getParam(key))
                .collect(Collectors.joining());
        return method + values + " x" + params.getThreads();
    }

    /** The score in the benchmark's own unit. */
    double score(String name) {
        return get(scores, name);
    }

    /** The bytes that each operation allocates. */
    double bytes(String name) {
        return get(bytes, name);
    }

    private static double get(Map<String, Double> values, String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("'" + name + "' was not measured; there are " + values.keySet());
        }
        return value;
    }
}
