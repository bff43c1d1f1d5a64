package dev.interlock.policy.redis;

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
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Everything that Redis answers is what memory answers, whatever is asked in whatever order: amounts to the last
 * millionth, waiting times to the microsecond, what comes back to the last part of it. Limits here are such as both
 * count without rounding; where one of them rounds, it says so, and has tests of its own.
 */
class AgainstMemoryProperties {

    private static final Instant START = Instant.parse("2026-11-23T10:59:58Z");
    private static final ServerClock CLOCK = new ServerClock(START);
    private static final Duration FOREVER = Duration.ofDays(70 * 365);
    private static final AtomicInteger RUNS = new AtomicInteger();

    private static RedisServer server;
    private static RedisStore redis;

    @BeforeContainer
    static void start() throws IOException {
        server = RedisServer.start();
        redis = RedisStore.server(server.uri())
                .serverTime(CLOCK::text)
                .timeout(RedisServer.PATIENCE)
                .build();
    }

    @AfterContainer
    static void stop() throws IOException {
        redis.close();
        server.close();
    }

    /** What happens next. */
    sealed interface Step {
        /** A call is charged to these. */
        record Call(List<Part> parts) implements Step {}

        /** The limits are looked at. */
        record Look(List<Part> parts) implements Step {}

        /** Time passes. */
        record Pass(Duration length) implements Step {}

        /** One of the open calls ends. */
        record End(int index, CallOutcome outcome) implements Step {}
    }

    /** A charge: to one of the keys, by one of its rules, of so many millionths of max; or of so many millionths. */
    record Part(int key, int rule, int share, @Nullable Long micros, ChargeMode mode) {}

    /** Both limiters, in step. */
    private static final class Pair {

        final ManualTime time = new ManualTime(START, 0);
        final RateLimiter memory = InMemoryRateLimiter.builder().time(time).build();
        final List<List<LimitRule>> rules;
        final String run = "run-" + RUNS.incrementAndGet();
        final List<Reservation.Granted> inMemory = new ArrayList<>();
        final List<Reservation.Granted> inRedis = new ArrayList<>();
        int calls;

        Pair(List<List<LimitRule>> rules) {
            this.rules = rules;
            CLOCK.set(START);
        }

        void play(Step step) {
            if (step instanceof Step.Pass pass) {
                time.advance(pass.length);
                CLOCK.advance(pass.length);
            } else if (step instanceof Step.End end && !inMemory.isEmpty()) {
                int index = end.index % inMemory.size();
                memory.settle(inMemory.remove(index), end.outcome);
                redis.rateLimiter().settle(inRedis.remove(index), end.outcome);
            } else if (step instanceof Step.Call call) {
                Batch batch = new Batch(run + "-" + ++calls, charges(call.parts));
                Reservation expected = memory.reserve(batch);
                Reservation answer = redis.rateLimiter().reserve(batch);
                if (expected instanceof Reservation.Granted granted) {
                    assertThat(answer).isInstanceOf(Reservation.Granted.class);
                    inMemory.add(granted);
                    inRedis.add((Reservation.Granted) answer);
                } else {
                    assertThat(comparable(answer)).isEqualTo(comparable(expected));
                }
            } else if (step instanceof Step.Look look) {
                List<Charge> charges = charges(look.parts);
                assertThat(comparable(redis.rateLimiter().usage(charges))).isEqualTo(comparable(memory.usage(charges)));
            }
        }

        private static Reservation comparable(Reservation answer) {
            return answer instanceof Reservation.NotGranted refused
                    ? new Reservation.NotGranted(refused.charge(), refused.reason(), comparable(refused.retryAfter()))
                    : answer;
        }

        private static List<Usage> comparable(List<Usage> usages) {
            return usages.stream()
                    .map(usage -> new Usage(usage.used(), usage.room(), comparable(usage.retryAfter())))
                    .toList();
        }

        /** In whole microseconds, rounded up. Past 73 years neither counts exactly. */
        private static @Nullable Duration comparable(@Nullable Duration wait) {
            if (wait == null || wait.compareTo(FOREVER) > 0) {
                return wait == null ? null : FOREVER;
            }
            return Duration.ofNanos((wait.toNanos() + 999) / 1_000 * 1_000);
        }

        private List<Charge> charges(List<Part> parts) {
            return parts.stream().map(this::charge).toList();
        }

        private Charge charge(Part part) {
            List<LimitRule> ofKey = rules.get(part.key % rules.size());
            LimitRule rule = ofKey.get(part.rule % ofKey.size());
            Amount max = rule.max();
            Amount amount = part.micros != null || max == null
                    ? new Amount(part.micros == null ? part.share : part.micros)
                    : Amount.of(max.toBigDecimal()
                                    .movePointRight(Amount.PLACES)
                                    .multiply(BigDecimal.valueOf(part.share, Amount.PLACES))
                                    .setScale(0, RoundingMode.DOWN)
                                    .movePointLeft(Amount.PLACES))
                            .orElseThrow();
            boolean canFail =
                    part.mode != ChargeMode.FAILURES || (max != null && !(rule instanceof LimitRule.TokenBucket));
            return new Charge(
                    new LimitKey(run, Integer.toString(part.key % rules.size())),
                    rule,
                    amount,
                    canFail ? part.mode : ChargeMode.SENT);
        }
    }

    @Property(tries = 500)
    void redisAnswersWhatMemoryAnswers(@ForAll("keys") List<List<LimitRule>> rules, @ForAll("steps") List<Step> steps) {
        Pair pair = new Pair(rules);
        steps.forEach(pair::play);
    }

    // ---- what they are fed ----

    /** For each key, one rule, or some between which it changes. */
    @Provide
    Arbitrary<List<List<LimitRule>>> keys() {
        return Arbitraries.oneOf(
                        rule().list().ofSize(1),
                        rule().list().ofSize(1),
                        rule().list().ofMinSize(2).ofMaxSize(3))
                .list()
                .ofMinSize(1)
                .ofMaxSize(3)
                .withoutEdgeCases();
    }

    private static Arbitrary<LimitRule> rule() {
        // Memory counts these buckets exactly: a max with a part of a call in it is never counted in whole nanoseconds.
        Arbitrary<Amount> odd = Arbitraries.oneOf(
                Arbitraries.of(1L, 500_000L, 2_500_000L, 10_000_001L, 999_999_999_999_999_999L)
                        .map(Amount::new),
                Arbitraries.longs()
                        .between(1, Amount.MAX.micros())
                        .filter(micros -> micros % Amount.ONE_MICROS != 0)
                        .map(Amount::new));
        Arbitrary<Amount> any = Arbitraries.oneOf(
                Arbitraries.longs().between(0, 20).map(Amount::of),
                Arbitraries.longs().between(0, Amount.MAX.micros()).map(Amount::new),
                Arbitraries.just(Amount.MAX));
        Arbitrary<Duration> length = Arbitraries.oneOf(
                        Arbitraries.of(1L, 60L, 3_600L, 86_400L),
                        Arbitraries.longs().between(1, Window.Length.MAX.toSeconds()))
                .map(Duration::ofSeconds);
        Arbitrary<Window> window = Arbitraries.oneOf(
                Arbitraries.of(Window.Calendar.values()),
                length.map(Window.Length::new),
                Combinators.combine(
                                Arbitraries.of(Window.Calendar.HOUR, Window.Calendar.DAY, Window.Calendar.MONTH),
                                Arbitraries.of("Europe/Berlin", "Asia/Kathmandu"))
                        .as((unit, zone) -> new Window.InZone(unit, ZoneId.of(zone))));
        return Arbitraries.oneOf(
                Combinators.combine(odd, length).as(LimitRule.TokenBucket::new),
                Combinators.combine(any, length).as(LimitRule.SlidingWindow::new),
                Combinators.combine(any.injectNull(0.2), window).as(LimitRule.FixedWindow::new));
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Step> call = parts().map(Step.Call::new);
        Arbitrary<Step> look = parts().map(Step.Look::new);
        Arbitrary<Step> pass = Arbitraries.oneOf(
                        Arbitraries.longs().between(1, 2_000),
                        Arbitraries.longs().between(1, 120_000),
                        Arbitraries.longs().between(1, Duration.ofDays(40).toMillis()))
                .map(millis -> new Step.Pass(Duration.ofMillis(millis)));
        Arbitrary<Step> end = Combinators.combine(
                        Arbitraries.integers().between(0, 20), Arbitraries.of(CallOutcome.values()))
                .as(Step.End::new);
        return Arbitraries.oneOf(call, call, call, look, pass, end, end)
                .list()
                .ofMaxSize(40)
                .withoutEdgeCases();
    }

    private static Arbitrary<List<Part>> parts() {
        Arbitrary<Long> micros = Arbitraries.oneOf(
                        Arbitraries.of(0L, 1L, Amount.ONE_MICROS, 3 * Amount.ONE_MICROS, Amount.MAX.micros()),
                        Arbitraries.longs().between(1, 20_000_000))
                .injectNull(0.6);
        Arbitrary<Integer> share = Arbitraries.oneOf(
                Arbitraries.of(1, 100_000, 250_000, 333_333, 500_000, 1_000_000),
                Arbitraries.integers().between(0, 1_000_000));
        return Combinators.combine(
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.integers().between(0, 5),
                        share,
                        micros,
                        Arbitraries.of(ChargeMode.values()))
                .as(Part::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }
}
