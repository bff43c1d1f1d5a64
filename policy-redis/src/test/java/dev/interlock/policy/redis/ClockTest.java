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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clocks that disagree, and what expires by them. */
class ClockTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final AtomicInteger CALLS = new AtomicInteger();

    private final ServerClock clock = new ServerClock(Instant.parse("2026-11-23T10:00:30Z"));

    static Stream<LimitRule> tenAMinute() {
        return Stream.of(
                new LimitRule.TokenBucket(Amount.of(10), MINUTE),
                new LimitRule.SlidingWindow(Amount.of(10), MINUTE),
                new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MINUTE));
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void hostsWhoseClocksDisagreeByMinutesShareOneLimit(LimitRule rule) {
        RedisStore.Builder settings = SharedServer.limiter();
        try (RedisStore here =
                        settings.time(ManualTime.at("2026-11-23T10:00:00Z")).build();
                RedisStore there =
                        settings.time(ManualTime.at("2026-11-23T10:07:00Z")).build()) {
            // By the server's own clock, so a fixed window may end in between.
            LimitRule hour = rule instanceof LimitRule.FixedWindow
                    ? new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MONTH)
                    : rule;
            assertThat(admitted(here, "a", hour, 6)).isEqualTo(6);
            assertThat(admitted(there, "a", hour, 20)).isEqualTo(4);
            assertThat(admitted(here, "a", hour, 20)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aServerWhoseClockIsMinutesBehindMakesNoRoom(LimitRule rule) {
        try (RedisStore limiter = SharedServer.limiter().serverTime(clock::text).build()) {
            assertThat(admitted(limiter, "early", rule, 20)).isEqualTo(10);
            clock.advance(Duration.ofMinutes(2));
            assertThat(admitted(limiter, "late", rule, 20)).isEqualTo(10);

            clock.set(Instant.parse("2026-11-23T10:00:31Z"));
            assertThat(admitted(limiter, "late", rule, 20)).isZero();
            if (rule instanceof LimitRule.FixedWindow) {
                assertThat(admitted(limiter, "early", rule, 20))
                        .as("a window that was used up, and over, and is here again")
                        .isZero();
            }
            clock.advance(Duration.ofMinutes(3));
            assertThat(admitted(limiter, "late", rule, 20)).isEqualTo(10);
        }
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void countsAreKeptAsLongAsTheyMatterAndTheToleranceBesides(LimitRule rule) throws IOException {
        try (RedisStore limiter = SharedServer.limiter()
                .prefix("kept-" + CALLS.incrementAndGet())
                .serverTime(clock::text)
                .clockTolerance(Duration.ofMinutes(3))
                .build()) {
            admitted(limiter, "kept", rule, 10);
            // From half past, a calendar's minute has 30 seconds left, the others have 60.
            long rest = rule instanceof LimitRule.FixedWindow ? 30 : 60;
            for (String key : SharedServer.get().keys()) {
                if (key.contains("kept-" + CALLS.get()) && key.contains("}k:")) {
                    String answer = SharedServer.get().command("PTTL", key);
                    assertThat(Long.parseLong(answer.substring(1).trim()))
                            .as(key)
                            .isBetween((rest + 180 - 30) * 1_000, (rest + 180) * 1_000 + 1);
                }
            }
        }
    }

    @Test
    void everythingExpiresByItself() throws IOException {
        try (RedisServer server = RedisServer.start();
                RedisStore limiter = RedisStore.server(server.uri())
                        .timeout(RedisServer.PATIENCE)
                        .lease(Duration.ofMillis(20))
                        .clockTolerance(Duration.ofMillis(1))
                        .build()) {
            Duration second = Duration.ofSeconds(1);
            for (LimitRule rule : List.of(
                    new LimitRule.TokenBucket(Amount.of(10), second),
                    new LimitRule.SlidingWindow(Amount.of(10), second),
                    new LimitRule.FixedWindow(Amount.of(10), new Window.Length(second)))) {
                admitted(limiter, rule.toString(), rule, 10);
            }
            assertThat(server.keys()).isNotEmpty();

            RedisServer.await(() -> isEmpty(server));
        }
    }

    private static boolean isEmpty(RedisServer server) {
        try {
            return server.keys().isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    private static int admitted(RedisStore limiter, String key, LimitRule rule, int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            Charge charge = new Charge(new LimitKey(key, ""), rule, Amount.ONE, ChargeMode.SENT);
            Batch batch = new Batch("clock-" + CALLS.incrementAndGet(), List.of(charge));
            count += limiter.rateLimiter().reserve(batch) instanceof Granted ? 1 : 0;
        }
        return count;
    }
}
