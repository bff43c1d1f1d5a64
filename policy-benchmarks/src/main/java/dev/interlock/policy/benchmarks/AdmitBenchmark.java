package dev.interlock.policy.benchmarks;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.google.common.util.concurrent.RateLimiter;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import io.github.bucket4j.Bucket;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The decision of {@link DecideBenchmark} with a token bucket for each session. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class AdmitBenchmark {

    /** How many calls there are before they repeat; a power of two. */
    private static final int CALLS = 1 << 17;

    private static final long A_SECOND = 1_000_000_000;

    private static final long NANOS_A_CALL =
            Duration.ofDays(Refunds.BUCKET_DAYS).toNanos() / Refunds.BUCKET;

    /** How many sessions there are. */
    @Param({"1000", "100000"})
    public int keys;

    /**
     * How calls are spread over the sessions: {@code zipf} as real users do, {@code uniform} as real users never do.
     */
    @Param({"zipf", "uniform"})
    public String spread;

    private final PolicyEngine engine = Refunds.engine(Refunds.limitedPolicy());
    private final HandWritten handWritten = new HandWritten();
    private final ToolCall[] calls = new ToolCall[CALLS];

    private final LoadingCache<String, Bucket> expiring = Caffeine.newBuilder()
            .expireAfterAccess(Duration.ofMinutes(10))
            .build(session -> Bucket.builder()
                    .addLimit(limit -> limit.capacity(Refunds.BUCKET)
                            .refillGreedy(Refunds.BUCKET, Duration.ofDays(Refunds.BUCKET_DAYS)))
                    .build());

    private final LoadingCache<String, RateLimiter> guava = Caffeine.newBuilder()
            .expireAfterAccess(Duration.ofMinutes(10))
            .build(session -> RateLimiter.create(A_SECOND));

    private final LoadingCache<String, io.github.resilience4j.ratelimiter.RateLimiter> resilience4j =
            Caffeine.newBuilder()
                    .expireAfterAccess(Duration.ofMinutes(10))
                    .build(session -> io.github.resilience4j.ratelimiter.RateLimiter.of(
                            session,
                            RateLimiterConfig.custom()
                                    .limitForPeriod(Integer.MAX_VALUE / 2)
                                    .limitRefreshPeriod(Duration.ofSeconds(1))
                                    .timeoutDuration(Duration.ZERO)
                                    .build()));

    /** One number for each session, created beforehand: nothing is ever added or dropped. */
    private final Map<String, AtomicLong> least = new HashMap<>();

    /** A thread's position in the sequence of calls; each thread starts at a different one. */
    @State(Scope.Thread)
    public static class Cursor {
        private int at = ThreadLocalRandom.current().nextInt();

        int next() {
            at = (at + 1) & (CALLS - 1);
            return at;
        }
    }

    /** Creates the calls, and makes each once, so that every key exists. */
    @Setup
    public void setUp() {
        Spread sessions = Spread.of(spread, keys, new SplittableRandom(5));
        ToolCall[] refunds = Refunds.calls();
        String[] texts = new String[keys];
        for (int i = 0; i < keys; i++) {
            texts[i] = "session-" + Long.toHexString(i * 0x9E3779B97F4A7C15L);
            engine.admit(refunds[0].in(texts[i])).succeeded();
            least.put(Refunds.own(texts[i]), new AtomicLong());
        }
        for (int i = 0; i < keys; i++) {
            // Of the same length and kind as a real one, and never the same object as the one that is held.
            texts[i] = Refunds.own(texts[i]);
        }
        for (int i = 0; i < CALLS; i++) {
            calls[i] = refunds[i & (Refunds.CALLS - 1)].in(texts[sessions.next()]);
        }
    }

    /** Interlock: admitted, and settled as a call that succeeded. */
    @Benchmark
    public boolean interlock(Cursor cursor) {
        Admission admission = engine.admit(calls[cursor.next()]);
        boolean allowed = admission.decision().allowed();
        admission.succeeded();
        return allowed;
    }

    /**
     * The rule by hand, a lookup in a plain map, the clock and a compare-and-set: the minimum that any limit by session
     * needs. It isn't a real limiter, since it can't add a session while other threads call.
     */
    @Benchmark
    public boolean least(Cursor cursor) {
        ToolCall call = calls[cursor.next()];
        AtomicLong full = least.get(session(call));
        return handWritten.allows(call.tool(), call.arguments().root()) && full != null && take(full);
    }

    private static boolean take(AtomicLong full) {
        while (true) {
            long before = full.get();
            long now = System.nanoTime();
            long after = Math.max(before, now) + NANOS_A_CALL;
            if (after - now > Refunds.BUCKET * NANOS_A_CALL) {
                return false;
            }
            if (full.compareAndSet(before, after)) {
                return true;
            }
        }
    }

    /** The rule by hand, and Bucket4j in Caffeine with expiry. */
    @Benchmark
    public boolean ifsAndBucket4j(Cursor cursor) {
        ToolCall call = calls[cursor.next()];
        return handWritten.allows(call.tool(), call.arguments().root())
                && expiring.get(session(call)).tryConsume(1);
    }

    /** Bucket4j in Caffeine with expiry, without any rule. */
    @Benchmark
    public boolean bucket4j(Cursor cursor) {
        return expiring.get(session(calls[cursor.next()])).tryConsume(1);
    }

    /** The rule by hand, and Guava's limiter in Caffeine with expiry. */
    @Benchmark
    public boolean ifsAndGuava(Cursor cursor) {
        ToolCall call = calls[cursor.next()];
        return handWritten.allows(call.tool(), call.arguments().root())
                && guava.get(session(call)).tryAcquire();
    }

    /** The rule by hand, and Resilience4j's limiter in Caffeine with expiry. */
    @Benchmark
    public boolean ifsAndResilience4j(Cursor cursor) {
        ToolCall call = calls[cursor.next()];
        return handWritten.allows(call.tool(), call.arguments().root())
                && resilience4j.get(session(call)).acquirePermission();
    }

    @SuppressWarnings("NullAway") // Every call of this benchmark has one.
    private static String session(ToolCall call) {
        return call.session();
    }
}
