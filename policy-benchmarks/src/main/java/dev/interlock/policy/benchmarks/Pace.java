package dev.interlock.policy.benchmarks;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * How long to measure.
 *
 * @param forks JVMs for each benchmark; 0 for this JVM
 * @param warmups how often it runs before it is measured
 * @param runs how often it is measured
 * @param millis how long each run takes
 * @param callMillis how long whole calls are made, first to warm up and again to measure
 */
record Pace(int forks, int warmups, int runs, long millis, long callMillis) {

    /** The pace of the report: under twenty minutes on two cores. */
    static final Pace FULL = new Pace(1, 4, 5, 800, 12_000);

    /** The same in a third of the time, for a quick look. */
    static final Pace SHORT = new Pace(1, 3, 4, 300, 5_000);

    /** Each benchmark once, to check that it runs. */
    static final Pace SMOKE = new Pace(0, 0, 1, 1, 1);

    static Pace named(String name) {
        return switch (name) {
            case "full" -> FULL;
            case "short" -> SHORT;
            case "smoke" -> SMOKE;
            default -> throw new IllegalArgumentException("a pace is 'full', 'short' or 'smoke', not '" + name + "'");
        };
    }

    /** For work that the compiler takes longer to finish with: it runs for longer before it is measured. */
    ChainedOptionsBuilder longOptions(String benchmark) {
        return options(benchmark).warmupTime(TimeValue.milliseconds(3 * millis));
    }

    ChainedOptionsBuilder options(String benchmark) {
        return new OptionsBuilder()
                .include("\\." + benchmark + "\\.")
                .forks(forks)
                .warmupIterations(warmups)
                .warmupTime(TimeValue.milliseconds(millis))
                .measurementIterations(runs)
                .measurementTime(TimeValue.milliseconds(millis))
                .jvmArgsAppend("-Xms1g", "-Xmx1g")
                .shouldFailOnError(true)
                .addProfiler(GCProfiler.class);
    }
}
