package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation.Granted;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The master is the one whom the sentinels name. */
class SentinelTest {

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final LimitRule TEN = new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MONTH);
    private static final LimitKey KEY = new LimitKey("limit", "");

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final Deadlines deadlines = new Deadlines();
    private final Outages outages = new Outages();
    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void whenTheMasterDiesTheOneThatSentinelsPromoteGoesOnCounting() throws IOException {
        try (RedisServer master = RedisServer.start();
                RedisServer replica = RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(master.port()));
                RedisServer sentinel = RedisServer.sentinelOf("limits", master);
                RedisStore limiter = RedisStore.server("redis-sentinel://127.0.0.1:" + sentinel.port() + "#limits")
                        .deadlines(deadlines)
                        .breaker(3, PAUSE)
                        .time(time)
                        .listener(outages)
                        .build()) {
            limiter.connect().toCompletableFuture().join();
            assertThat(admitted(limiter, 4)).isEqualTo(4);
            replica.awaitLog("sync: Finished with success");
            sentinel.awaitLog("+slave slave");
            master.awaitReplica();

            master.kill();
            for (int i = 0; i < 3; i++) {
                CompletableFuture<?> answer =
                        limiter.rateLimiter().reserveAsync(batch()).toCompletableFuture();
                deadlines.pass();
                assertThat(answer.join()).isNotInstanceOf(Granted.class);
            }
            sentinel.awaitLog("+switch-master");

            RedisServer.await(() -> {
                time.advance(PAUSE);
                CompletableFuture<?> looked =
                        limiter.rateLimiter().usageAsync(List.of(charge())).toCompletableFuture();
                return looked.handle((usage, failure) -> failure == null).join();
            });
            assertThat(outages.events()).hasSize(2).last().isEqualTo("back");
            assertThat(admitted(limiter, 20)).as("of ten, four are used").isEqualTo(6);
        }
    }

    private int admitted(RedisStore limiter, int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            count += limiter.rateLimiter().reserve(batch()) instanceof Granted ? 1 : 0;
        }
        return count;
    }

    private Batch batch() {
        return new Batch("call-" + calls.incrementAndGet(), List.of(charge()));
    }

    private static Charge charge() {
        return new Charge(KEY, TEN, Amount.ONE, ChargeMode.SENT);
    }
}
