package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import dev.interlock.policy.limit.Reservation.NotGranted;
import dev.interlock.policy.limit.Reservation.Reason;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever is called in whatever order, the live keys of a limit are never more than it may have, and no known one is
 * refused.
 */
class CallersKeysInRedisProperties {

    private static final Instant START = Instant.parse("2027-03-01T10:59:58Z");
    private static final Duration WINDOW = Duration.ofMinutes(3);
    private static final Duration TOLERANCE = Duration.ofSeconds(20);
    private static final Amount MAX = Amount.of(4);
    private static final int TOOLS = 20;

    /** A bucket that was empty, the tolerance, and what is rounded up. */
    private static final Duration LONGEST = WINDOW.multipliedBy(2).plus(TOLERANCE);

    private static final AtomicInteger RUNS = new AtomicInteger();

    /** Who calls which tool, whether it was never sent, and how long after the call before. */
    record Call(int caller, int tool, boolean isUnsent, Duration pause) {}

    @Property(tries = 60)
    void liveKeysAreAtMostSoManyAndGoOnAndACallersFirstFindsAnyPlaceThatIsLeft(
            @ForAll("calls") List<Call> calls, @ForAll("rules") LimitRule rule, @ForAll("bounds") int maxKeys) {
        ServerClock clock = new ServerClock(START);
        int run = RUNS.incrementAndGet();
        // Up to when a key, and a caller, may at most be counted.
        Map<LimitKey, Instant> keys = new HashMap<>();
        Map<Caller, Instant> callers = new HashMap<>();
        try (RedisStore limiter = SharedServer.limiter()
                .serverTime(clock::text)
                .clockTolerance(TOLERANCE)
                .maxKeysPerLimit(maxKeys)
                .build()) {
            for (int i = 0; i < calls.size(); i++) {
                Call call = calls.get(i);
                clock.advance(call.pause);
                Instant now = clock.now();
                keys.values().removeIf(end -> !end.isAfter(now));
                callers.values().removeIf(end -> !end.isAfter(now));
                LimitKey key = key(call.tool);
                Caller caller = Caller.of("caller-" + call.caller, null);
                boolean isLive = live(limiter, rule).contains(key);

                Reservation answer = limiter.rateLimiter()
                        .reserve(new Batch(
                                "keys-" + run + "-" + i,
                                List.of(new Charge(key, rule, Amount.ONE, ChargeMode.SENT, caller))));

                if (answer instanceof NotGranted refused && refused.reason() == Reason.TOO_MANY_KEYS) {
                    assertThat(isLive).as("the key of call %d is known", i).isFalse();
                    assertThat(keys.size() < maxKeys && !callers.containsKey(caller))
                            .as("there was a place for call %d", i)
                            .isFalse();
                } else if (answer instanceof Granted granted) {
                    keys.put(key, now.plus(LONGEST));
                    callers.put(caller, now.plus(LONGEST));
                    if (call.isUnsent) {
                        limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);
                    }
                }
                assertThat(live(limiter, rule)).as("after call %d", i).hasSizeLessThanOrEqualTo(maxKeys);
            }
        }
    }

    private static LimitKey key(int tool) {
        return new LimitKey("pace@tool-" + tool, "");
    }

    /** The keys that differ from fresh ones. */
    private static List<LimitKey> live(RedisStore limiter, LimitRule rule) {
        List<Charge> all = IntStream.range(0, TOOLS)
                .mapToObj(tool -> new Charge(key(tool), rule, Amount.ONE, ChargeMode.SENT))
                .toList();
        List<Usage> usages = limiter.rateLimiter().usage(all);
        return IntStream.range(0, TOOLS)
                .filter(tool -> !usages.get(tool).used().equals(Amount.ZERO))
                .mapToObj(CallersKeysInRedisProperties::key)
                .toList();
    }

    @Provide
    static Arbitrary<List<Call>> calls() {
        Arbitrary<Duration> pauses =
                Arbitraries.of(0, 0, 0, 1, 10, 40, 100, 500).map(Duration::ofSeconds);
        return Combinators.combine(
                        Arbitraries.integers().between(0, 4),
                        Arbitraries.integers().between(0, TOOLS - 1),
                        Arbitraries.of(true, false, false),
                        pauses)
                .as(Call::new)
                .list()
                .ofMinSize(10)
                .ofMaxSize(60);
    }

    @Provide
    static Arbitrary<LimitRule> rules() {
        return Arbitraries.of(
                new LimitRule.TokenBucket(MAX, WINDOW),
                new LimitRule.SlidingWindow(MAX, WINDOW),
                new LimitRule.FixedWindow(MAX, new Window.Length(WINDOW)));
    }

    @Provide
    static Arbitrary<Integer> bounds() {
        return Arbitraries.of(1, 2, 3, 5, 8, 16);
    }
}
