package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A key whose rule changes, with every policy that is loaded or from one engine to the other. */
class RuleChangeProperties {

    record Call(LimitRule rule, long micros) {}

    @Property
    void atOneInstantAllRulesOfAKeySeeOneCount(@ForAll("calls") List<Call> calls) {
        ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
        RateLimiter limiter = InMemoryRateLimiter.builder().time(time).build();
        LimitKey key = new LimitKey("limit", "subject");
        long used = 0;
        for (Call call : calls) {
            Charge charge = new Charge(key, call.rule, new Amount(call.micros), ChargeMode.SENT);
            Usage usage = limiter.usage(List.of(charge)).get(0);
            boolean admitted = limiter.reserve(new Batch("", List.of(charge))) instanceof Reservation.Granted;
            long max =
                    call.rule.max() == null ? Long.MAX_VALUE : call.rule.max().micros();

            assertThat(admitted).isEqualTo(used + call.micros <= max);
            assertThat(usage.retryAfter() != null && usage.retryAfter().isZero())
                    .isEqualTo(admitted);
            assertThat(usage.used().micros()).isBetween(used, used + Amount.ONE_MICROS - 1);
            used += admitted ? call.micros : 0;
        }
    }

    @Provide
    Arbitrary<List<Call>> calls() {
        Arbitrary<Amount> max = Arbitraries.oneOf(
                Arbitraries.longs().between(1, 10).map(Amount::of),
                Arbitraries.longs().between(1, 1_000_000_000_000L).map(Amount::of),
                Arbitraries.longs().between(1, 10_000_000).map(Amount::new));
        Arbitrary<Duration> length = Arbitraries.of(1L, 60L, 86_400L).map(Duration::ofSeconds);
        Arbitrary<LimitRule> rules = Arbitraries.oneOf(
                Combinators.combine(max, length).as(LimitRule.TokenBucket::new),
                Combinators.combine(max, length).as(LimitRule.SlidingWindow::new),
                Combinators.combine(max.injectNull(0.3), Arbitraries.of(Window.Calendar.values()))
                        .as(LimitRule.FixedWindow::new));
        Arbitrary<Long> micros = Arbitraries.oneOf(
                Arbitraries.just(Amount.ONE_MICROS),
                Arbitraries.longs().between(1, 3_000_000),
                Arbitraries.longs().between(1, 1_000_000_000L).map(n -> n * Amount.ONE_MICROS));
        return Combinators.combine(rules, micros)
                .as(Call::new)
                .list()
                .ofMaxSize(30)
                .withoutEdgeCases();
    }
}
