package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.limit.LimitRule;

/**
 * A token bucket's rule, in the terms of the generic cell rate algorithm. All buckets of a rule share one rate.
 *
 * <p>If nothing more is taken, a bucket is full again at one moment: its <i>theoretical arrival time</i>, TAT. The time
 * until then is its debt. Taking an amount a moves the TAT, or now if that is later, forward by a's cost
 * {@code a · window / max}. There is room if the TAT is then at most a window away.
 */
final class BucketRate {

    /** From this cost of one call upward, a rounding error of a nanosecond is below one in a million. */
    private static final long FINE = 1_000_000;

    final LimitRule.TokenBucket rule;

    /** The bucket's size in millionths. */
    final long max;

    /** How long an empty bucket takes to fill, in nanoseconds. */
    final long window;

    /**
     * The cost of one call in whole nanoseconds, rounded up. 0 if that is too coarse, so that the bucket must be
     * counted exactly.
     */
    final long emission;

    /** How many whole calls fit. */
    final long calls;

    /** How long a bucket of whole calls takes to fill, at a whole number of nanoseconds for each call. */
    final long depth;

    BucketRate(LimitRule.TokenBucket rule) {
        this.rule = rule;
        this.max = rule.max().micros();
        this.window = rule.window().toNanos();
        this.calls = max / Amount.ONE_MICROS;
        boolean whole = calls > 0 && max % Amount.ONE_MICROS == 0;
        boolean simple = whole && (window % calls == 0 || window / calls >= FINE);
        this.emission = simple ? (window + calls - 1) / calls : 0;
        this.depth = calls * emission;
    }

    /** The cost of {@code micros}, for amounts that are {@linkplain #isSimple simple}. */
    long cost(long micros) {
        return micros == Amount.ONE_MICROS ? emission : micros / Amount.ONE_MICROS * emission;
    }

    /** Whether calls of {@code micros} can be counted in whole nanoseconds. */
    boolean isSimple(long micros) {
        return emission > 0 && (micros == Amount.ONE_MICROS || micros % Amount.ONE_MICROS == 0);
    }

    @SuppressWarnings("ReferenceEquality") // Nearly always the same object, and every call tests this.
    boolean measures(LimitRule other) {
        return other == rule || other.equals(rule);
    }
}
