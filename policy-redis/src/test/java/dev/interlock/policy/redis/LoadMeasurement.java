package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * What a decision costs against a plain INCR, on one server in one run: how many a second, and how long each takes,
 * with so many under way at once. Rounds of all kinds alternate, so that whatever else the machine does meets them all.
 * A program, not a test: docs/scaling.md says how to run it.
 */
class LoadMeasurement {

    private static final int[] IN_FLIGHT = {1, 64};
    private static final int ROUNDS = 5;
    private static final int SESSIONS = 10_000;

    /** What the script of a call with one limit asks of Redis. */
    private static final String COMMANDS = """
            redis.call('MGET', KEYS[1], KEYS[2])
            redis.call('TIME')
            redis.call('SET', KEYS[2], ARGV[1], 'PX', '300000')
            redis.call('SET', KEYS[1], ARGV[1], 'PX', '300000')
            return 1
            """;

    /** A kind of operation; the number is the operation's, counted from 0. */
    private record Kind(String name, IntFunction<CompletionStage<?>> operation) {}

    /** How many a second, and in microseconds how long one took and how much of the server's processor. */
    private record Round(double perSecond, double p50, double p99, double server) {}

    @Test
    void decisionsBesidePlainIncrements() throws IOException, InterruptedException {
        main(new String[0]);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (RedisServer server = RedisServer.start();
                RedisStore limiter = RedisStore.server(server.uri())
                        .timeout(RedisServer.PATIENCE)
                        .executor(Runnable::run)
                        .build()) {
            RedisClient client = RedisClient.create(RedisURI.create(server.uri()));
            try (StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE)) {
                System.out.println(server.info("redis_version") + " on " + System.getProperty("java.version"));
                measure(server, connection.async(), limiter);
            } finally {
                client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            }
        }
    }

    private static void measure(RedisServer server, RedisAsyncCommands<byte[], byte[]> plain, RedisStore limiter)
            throws IOException, InterruptedException {
        AtomicLong ids = new AtomicLong();
        LimitRule perMinute = new LimitRule.TokenBucket(Amount.of(1_000_000), Duration.ofMinutes(1));
        LimitRule perDay = new LimitRule.FixedWindow(Amount.of(1_000_000_000), Window.Calendar.DAY);
        List<Kind> kinds = List.of(
                new Kind("INCR", i -> plain.incr(utf8("counter:" + i % SESSIONS))),
                new Kind("empty script", i -> script(plain, "return 1", "a", i)),
                new Kind("its commands", i -> script(plain, COMMANDS, "b", i)),
                new Kind("one limit", i -> granted(limiter, ids, List.of(charge("bucket", i, perMinute)))),
                new Kind(
                        "three limits",
                        i -> granted(
                                limiter,
                                ids,
                                List.of(
                                        charge("bucket", i, perMinute),
                                        charge("budget", 0, perDay),
                                        charge("calls", i, perDay)))));
        for (int inFlight : IN_FLIGHT) {
            int operations = inFlight == 1 ? 6_000 : 40_000;
            Round[][] rounds = new Round[kinds.size()][ROUNDS];
            for (int round = -2; round < ROUNDS; round++) {
                for (int k = 0; k < kinds.size(); k++) {
                    Round measured = run(server, kinds.get(k), inFlight, operations);
                    if (round >= 0) {
                        rounds[k][round] = measured;
                    }
                }
            }
            System.out.printf("%n%d in flight, medians of %d rounds of %,d%n", inFlight, ROUNDS, operations);
            System.out.printf(
                    "%-14s %12s %10s %10s %8s %8s %10s%n",
                    "", "per second", "p50 µs", "p99 µs", "p50 ×", "p99 ×", "server µs");
            Round base = median(rounds[0]);
            for (int k = 0; k < kinds.size(); k++) {
                Round own = median(rounds[k]);
                System.out.printf(
                        "%-14s %,12.0f %10.1f %10.1f %8.2f %8.2f %10.1f%n",
                        kinds.get(k).name,
                        own.perSecond,
                        own.p50,
                        own.p99,
                        own.p50 / base.p50,
                        own.p99 / base.p99,
                        own.server);
            }
        }
    }

    /** What a script costs that does nothing, or no more than a call's commands. */
    private static CompletionStage<?> script(
            RedisAsyncCommands<byte[], byte[]> plain, String text, String name, int number) {
        byte[][] keys = {
            utf8("{" + name + "}call:" + name + System.nanoTime()), utf8("{" + name + "}cell:" + number % SESSIONS)
        };
        return plain.<Long>evalsha(plain.digest(text), ScriptOutputType.INTEGER, keys, new byte[100])
                .exceptionallyCompose(unknown -> plain.eval(text, ScriptOutputType.INTEGER, keys, new byte[100]));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Charge charge(String limit, int session, LimitRule rule) {
        return new Charge(new LimitKey(limit, "session-" + session % SESSIONS), rule, Amount.ONE, ChargeMode.SENT);
    }

    private static CompletionStage<?> granted(RedisStore limiter, AtomicLong ids, List<Charge> charges) {
        return limiter.rateLimiter()
                .reserveAsync(new Batch(Long.toHexString(ids.incrementAndGet()), charges))
                .thenAccept(answer -> {
                    if (!(answer instanceof Reservation.Granted)) {
                        throw new IllegalStateException("not granted: " + answer);
                    }
                });
    }

    private static Round run(RedisServer server, Kind kind, int inFlight, int operations)
            throws IOException, InterruptedException {
        long[] nanos = new long[operations];
        Semaphore places = new Semaphore(inFlight);
        CountDownLatch done = new CountDownLatch(operations);
        AtomicInteger failed = new AtomicInteger();
        double cpu = cpuSeconds(server);
        long start = System.nanoTime();
        for (int i = 0; i < operations; i++) {
            places.acquire();
            int index = i;
            long begun = System.nanoTime();
            kind.operation.apply(i).whenComplete((answer, failure) -> {
                nanos[index] = System.nanoTime() - begun;
                if (failure != null) {
                    failed.incrementAndGet();
                }
                places.release();
                done.countDown();
            });
        }
        done.await();
        double seconds = (System.nanoTime() - start) / 1e9;
        if (failed.get() > 0) {
            throw new IllegalStateException(failed + " of " + kind.name + " failed");
        }
        Arrays.sort(nanos);
        return new Round(
                operations / seconds,
                nanos[operations / 2] / 1e3,
                nanos[operations * 99 / 100] / 1e3,
                (cpuSeconds(server) - cpu) * 1e6 / operations);
    }

    private static double cpuSeconds(RedisServer server) throws IOException {
        return Double.parseDouble(server.info("used_cpu_user")) + Double.parseDouble(server.info("used_cpu_sys"));
    }

    private static Round median(Round[] rounds) {
        return new Round(
                median(Arrays.stream(rounds).mapToDouble(Round::perSecond).toArray()),
                median(Arrays.stream(rounds).mapToDouble(Round::p50).toArray()),
                median(Arrays.stream(rounds).mapToDouble(Round::p99).toArray()),
                median(Arrays.stream(rounds).mapToDouble(Round::server).toArray()));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
