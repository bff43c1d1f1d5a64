package dev.interlock.policy.benchmarks;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What the map costs that token buckets are found in: one lookup, the clock and a compare-and-set, with the keys in a
 * {@link ConcurrentHashMap}, in a Caffeine cache without bounds, and in a Caffeine cache whose entries have a lifetime
 * each. In the last, a charge extends the lifetime when less than two windows are left, as a limiter would have to.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class CellMapBenchmark {

    private static final int CALLS = 1 << 17;
    private static final long WINDOW = Duration.ofMinutes(1).toNanos();
    private static final long LIFETIME = 4 * WINDOW;
    private static final long COST = 1;

    /** How many keys there are. */
    @Param({"1000", "100000"})
    public int keys;

    private final ConcurrentMap<String, Cell> map = new ConcurrentHashMap<>();
    private final Cache<String, Cell> unbounded = Caffeine.newBuilder().build();
    private final Cache<String, Cell> expiring = Caffeine.newBuilder()
            .expireAfter(Expiry.<String, Cell>writing((key, cell) -> Duration.ofNanos(LIFETIME)))
            .executor(Runnable::run)
            .build();
    private final String[] calls = new String[CALLS];

    /** A bucket: when it is full again, and until when it lives. */
    private static final class Cell extends AtomicLong {
        volatile long end = System.nanoTime() + LIFETIME;

        boolean take() {
            while (true) {
                long before = get();
                long now = System.nanoTime();
                long after = Math.max(before, now) + COST;
                if (after - now > WINDOW) {
                    return false;
                }
                if (compareAndSet(before, after)) {
                    return true;
                }
            }
        }
    }

    /** A thread's position in the sequence of calls. */
    @State(Scope.Thread)
    public static class Cursor {
        private int at = ThreadLocalRandom.current().nextInt();

        int next() {
            at = (at + 1) & (CALLS - 1);
            return at;
        }
    }

    /** Adds every key. */
    @Setup
    public void setUp() {
        Spread spread = Spread.of("zipf", keys, new SplittableRandom(5));
        String[] texts = new String[keys];
        for (int i = 0; i < keys; i++) {
            texts[i] = "session-" + Long.toHexString(i * 0x9E3779B97F4A7C15L);
            map.put(texts[i], new Cell());
            unbounded.put(texts[i], new Cell());
            expiring.put(texts[i], new Cell());
        }
        for (int i = 0; i < keys; i++) {
            texts[i] = Refunds.own(texts[i]);
        }
        for (int i = 0; i < CALLS; i++) {
            calls[i] = texts[spread.next()];
        }
    }

    /** A map that never drops anything by itself. */
    @Benchmark
    public boolean concurrentHashMap(Cursor cursor) {
        return taken(map.get(calls[cursor.next()]));
    }

    /** Caffeine as such a map. */
    @Benchmark
    public boolean caffeineUnbounded(Cursor cursor) {
        return taken(unbounded.getIfPresent(calls[cursor.next()]));
    }

    /** Caffeine with a lifetime for each entry. */
    @Benchmark
    public boolean caffeineExpiring(Cursor cursor) {
        String key = calls[cursor.next()];
        Cell cell = expiring.getIfPresent(key);
        if (!taken(cell)) {
            return false;
        }
        long now = System.nanoTime();
        if (cell != null && cell.end - now < 2 * WINDOW) {
            cell.end = now + LIFETIME;
            expiring.put(key, cell);
        }
        return true;
    }

    private static boolean taken(@Nullable Cell cell) {
        return cell != null && cell.take();
    }
}
