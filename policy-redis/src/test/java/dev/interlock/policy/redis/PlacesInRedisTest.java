package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Calls at the same time, and limits for each value, are counted over all hosts that share a Redis. */
class PlacesInRedisTest {

    private static final Policy POLICY = PolicyYaml.read("""
                    version: "1"
                    tools:
                      export:
                        rules:
                          - name: slots
                            concurrent: {max: 1, per: args.account}
                          - name: pace
                            rate_limit: {max: 2, window: day, scope: tool, per: {path: args.account, fold: true}}
                        limits:
                          - {counter: broken, window: day, max: 1, counts: failures}
                    """, "policy.yaml").orThrow();

    private static final LimitRule.Concurrent ONE = new LimitRule.Concurrent(Amount.ONE, Duration.ofMinutes(1));

    private final ServerClock clock = new ServerClock(Instant.parse("2027-03-01T10:00:30Z"));
    private final AtomicInteger calls = new AtomicInteger();

    private static ToolCall export(String account) {
        return ToolCall.of("export", Map.of("account", account));
    }

    private static PolicyEngine engine(RedisStore limiter) {
        return PolicyEngine.builder(POLICY).rateLimiter(limiter.rateLimiter()).build();
    }

    @Test
    void twoHostsShareThePlacesAndTheCounts() {
        RedisStore.Builder settings = SharedServer.limiter();
        try (RedisStore one = settings.build();
                RedisStore other = settings.build()) {
            PolicyEngine here = engine(one);
            PolicyEngine there = engine(other);
            Admission first = here.admit(export("acme"));
            assertThat(first.decision().allowed()).isTrue();
            assertThat(there.admit(export("acme")).decision().code()).isEqualTo(Code.CONCURRENCY);
            assertThat(there.explain(export("acme")).steps().toString()).isNotEmpty();
            there.admit(export("other")).succeeded();

            first.succeeded();
            RedisServer.await(() -> there.decide(export("acme")).allowed());
            there.admit(export("ACME")).succeeded();
            RedisServer.await(() -> here.decide(export("Acme")).code() == Code.LIMIT);

            here.admit(export("last")).failed();
            RedisServer.await(() -> there.decide(export("new")).code() == Code.LIMIT);
        }
    }

    private Reservation reserve(RedisStore limiter, LimitKey key, Caller caller) {
        Charge charge = new Charge(key, ONE, Amount.ONE, ChargeMode.SENT, caller);
        return limiter.rateLimiter().reserve(new Batch("call-" + calls.incrementAndGet(), List.of(charge)));
    }

    @Test
    void theEndOfACallFindsItsPlaceAlsoAfterTheLimitersOwnLease() {
        try (RedisStore limiter =
                SharedServer.limiter().lease(Duration.ofMillis(1)).build()) {
            LimitKey key = new LimitKey("slots", "");
            Granted first = (Granted) reserve(limiter, key, Caller.of(null, null));
            assertThat(reserve(limiter, key, Caller.of(null, null))).isInstanceOf(Reservation.NotGranted.class);

            limiter.rateLimiter().settle(first, CallOutcome.SUCCEEDED);
            assertThat(reserve(limiter, key, Caller.of(null, null))).isInstanceOf(Granted.class);
        }
    }

    @Test
    void callsThatHaveEndedLeaveNoKey() throws IOException {
        try (RedisStore limiter = SharedServer.limiter().build()) {
            LimitKey key = new LimitKey("ended", "", "value");
            Granted first = (Granted) reserve(limiter, key, Caller.of(null, null));
            assertThat(keys("ended")).isPositive();

            limiter.rateLimiter().settle(first, CallOutcome.UNKNOWN);
            RedisServer.await(() -> keys("endedvalue") == 0);
        }
    }

    private static long keys(String end) {
        try {
            return SharedServer.get().keys().stream()
                    .filter(key -> key.contains(end))
                    .count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFloodOfValuesShutsOutOnlyItsSender() {
        try (RedisStore limiter = SharedServer.limiter()
                .serverTime(clock::text)
                .maxKeysPerLimit(80)
                .build()) {
            Caller mallory = Caller.of("mallory", null);
            int held = 0;
            while (reserve(limiter, new LimitKey("slots@t", "", "v" + held), mallory) instanceof Granted) {
                held++;
            }
            assertThat(held).isLessThan(20);
            assertThat(((Reservation.NotGranted) reserve(limiter, new LimitKey("slots@t", "", "w"), mallory)).reason())
                    .isEqualTo(Reservation.Reason.TOO_MANY_KEYS);
            assertThat(reserve(limiter, new LimitKey("slots@t", "", "w"), Caller.of("ada", null)))
                    .isInstanceOf(Granted.class);

            clock.advance(Duration.ofHours(1));
            assertThat(reserve(limiter, new LimitKey("slots@t", "", "x"), mallory))
                    .isInstanceOf(Granted.class);
        }
    }
}
