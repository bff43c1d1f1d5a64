package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two threads for each processor, millions of calls: what is admitted is exactly the limit. */
class StressTest {

    private static final int THREADS = 2 * Runtime.getRuntime().availableProcessors();

    private final ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
    private final RateLimiter limiter = InMemoryRateLimiter.builder().time(time).build();
    private final ExecutorService pool = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void stop() {
        pool.shutdownNow();
    }

    /** What one thread does; it returns how many calls of each kind were admitted. */
    private interface Work {
        long[] run(int thread);
    }

    private long[] together(Work work) throws Exception {
        List<Future<long[]>> parts = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            parts.add(pool.submit(() -> work.run(thread)));
        }
        long[] sums = new long[8];
        for (Future<long[]> part : parts) {
            long[] counts = part.get();
            for (int i = 0; i < counts.length; i++) {
                sums[i] += counts[i];
            }
        }
        return sums;
    }

    private boolean admits(Batch batch) {
        return limiter.reserve(batch) instanceof Reservation.Granted;
    }

    private static Charge charge(String key, LimitRule rule) {
        return new Charge(new LimitKey(key, ""), rule, Amount.ONE, ChargeMode.SENT);
    }

    @Test
    void tenMillionCallsToOneBucketAreAdmittedExactlyMaxTimes() throws Exception {
        Amount max = Amount.of(5_000_000);
        Batch batch = new Batch("", List.of(charge("a", new LimitRule.TokenBucket(max, Duration.ofDays(1)))));
        int each = 10_000_000 / THREADS;

        long[] admitted = together(thread -> {
            long count = 0;
            for (int i = 0; i < each; i++) {
                count += admits(batch) ? 1 : 0;
            }
            return new long[] {count};
        });
        assertThat(admitted[0]).isEqualTo(5_000_000);
    }

    @Test
    void whileTimePassesABucketAdmitsExactlyWhatItHeldAndWhatWasRefilled() throws Exception {
        LimitRule rule = new LimitRule.TokenBucket(Amount.of(1_000), Duration.ofSeconds(1));
        Batch batch = new Batch("", List.of(charge("a", rule)));
        int steps = 20_000;
        while (admits(batch)) {
            // Emptied before the clock starts, so that it is never full again and nothing it is owed is lost.
        }

        long[] admitted = together(thread -> {
            long count = 0;
            for (int i = 0; i < steps; i++) {
                if (thread == 0) {
                    time.advanceNanos(777_777);
                }
                count += admits(batch) ? 1 : 0;
            }
            return new long[] {count};
        });
        while (admits(batch)) {
            admitted[0]++;
        }
        assertThat(admitted[0]).isEqualTo(steps * 777_777L / 1_000_000);
    }

    @Test
    void batchesAndSingleCallsOverAllKindsOfLimitsAreAdmittedExactlyMaxTimes() throws Exception {
        Charge bucket = charge("a", new LimitRule.TokenBucket(Amount.of(200_000), Duration.ofDays(1)));
        Charge fixed = charge("b", new LimitRule.FixedWindow(Amount.of(150_000), Window.Calendar.DAY));
        Charge sliding = charge("c", new LimitRule.SlidingWindow(Amount.of(100_000), Duration.ofDays(1)));
        List<Batch> batches = List.of(
                new Batch("", List.of(bucket)),
                new Batch("", List.of(fixed)),
                new Batch("", List.of(sliding)),
                new Batch("", List.of(bucket, fixed)),
                new Batch("", List.of(sliding, bucket)),
                new Batch("", List.of(fixed, sliding, bucket)));
        int each = 1_000_000 / THREADS;

        long[] admitted = together(thread -> {
            long[] counts = new long[batches.size()];
            for (int i = 0; i < each; i++) {
                int kind = (i + thread) % batches.size();
                counts[kind] += admits(batches.get(kind)) ? 1 : 0;
            }
            return counts;
        });
        assertThat(admitted[0] + admitted[3] + admitted[4] + admitted[5]).isEqualTo(200_000);
        assertThat(admitted[1] + admitted[3] + admitted[5]).isEqualTo(150_000);
        assertThat(admitted[2] + admitted[4] + admitted[5]).isEqualTo(100_000);
    }

    @Test
    void callsThatAllComeBackLeaveWindowsUnused() throws Exception {
        Charge fixed = charge("b", new LimitRule.FixedWindow(Amount.of(3), Window.Calendar.DAY));
        Charge sliding = charge("c", new LimitRule.SlidingWindow(Amount.of(3), Duration.ofDays(1)));
        Batch both = new Batch("", List.of(fixed, sliding));
        Batch reverse = new Batch("", List.of(sliding, fixed));

        together(thread -> {
            for (int i = 0; i < 50_000; i++) {
                if (limiter.reserve(i % 2 == 0 ? both : reverse) instanceof Reservation.Granted granted) {
                    limiter.settle(granted, CallOutcome.UNSENT);
                }
            }
            return new long[0];
        });
        assertThat(limiter.usage(List.of(fixed, sliding)))
                .extracting(Usage::used)
                .containsExactly(Amount.ZERO, Amount.ZERO);
    }

    /** Keys come and go so fast that cells are dropped while others reserve on them. */
    @Test
    void droppingCellsUnderLoadLosesNoCount() throws Exception {
        LimitRule rule = new LimitRule.TokenBucket(Amount.ONE, Duration.ofSeconds(1));
        ManualTime time = new ManualTime(Instant.EPOCH, 0);
        InMemoryRateLimiter small =
                InMemoryRateLimiter.builder().time(time).maxKeys(16).build();
        int keys = 8;
        int steps = 100_000;

        long[] admitted = together(thread -> {
            long[] counts = new long[keys];
            for (int i = 0; i < steps; i++) {
                if (thread == 0 && i % 10 == 0) {
                    time.advanceNanos(1_000_000_000);
                }
                int key = (i * 7 + thread) % keys;
                if (small.reserve(new Batch("", List.of(charge("" + key, rule)))) instanceof Reservation.Granted) {
                    counts[key]++;
                }
                // Fills the limiter with others, so that sweeping never rests.
                small.reserve(new Batch("", List.of(charge("x" + thread + "-" + i % 5, rule))));
            }
            return counts;
        });
        // At each of the seconds 0 to steps / 10, at most one.
        for (int key = 0; key < keys; key++) {
            assertThat(admitted[key]).isBetween(1L, steps / 10 + 1L);
        }
        assertThat(small.keyCount()).isBetween(1L, 16L);
    }
}
