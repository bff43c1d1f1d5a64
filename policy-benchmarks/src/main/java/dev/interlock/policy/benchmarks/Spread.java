package dev.interlock.policy.benchmarks;

import java.util.SplittableRandom;

/** Draws keys, either evenly or a few of them very often. */
interface Spread {

    /** The number of the next key. */
    int next();

    static Spread of(String name, int keys, SplittableRandom random) {
        return switch (name) {
            case "uniform" -> () -> random.nextInt(keys);
            case "zipf" -> zipf(keys, random);
            default -> throw new IllegalArgumentException("a spread is 'zipf' or 'uniform', not '" + name + "'");
        };
    }

    /** Zipf's law with exponent 1: key n is drawn 1/n as often as the first. Bisects the cumulative weights. */
    private static Spread zipf(int keys, SplittableRandom random) {
        double[] cumulated = new double[keys];
        double sum = 0;
        for (int i = 0; i < keys; i++) {
            sum += 1.0 / (i + 1);
            cumulated[i] = sum;
        }
        double total = sum;
        return () -> {
            int at = java.util.Arrays.binarySearch(cumulated, random.nextDouble(total));
            return Math.min(keys - 1, at < 0 ? -at - 1 : at);
        };
    }
}
