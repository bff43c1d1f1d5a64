package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
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
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;

/** Sliding windows against {@link NaiveSlidingWindow}. */
class SlidingWindowProperties {

    private static final LimitKey KEY = new LimitKey("limit", "subject");

    /**
     * What happens next: time passes, and then either a call of {@code micros} is made, or, if that is 0, the n-th open
     * reservation is given back.
     */
    record Step(long nanos, long micros, int index) {}

    /** A window of the limiter and its model, in step. */
    private static final class Pair {
        final LimitRule.SlidingWindow rule;
        final ManualTime time;
        final RateLimiter limiter;
        final NaiveSlidingWindow model;
        final List<Reservation.Granted> open = new ArrayList<>();
        final List<Object> modelled = new ArrayList<>();

        Pair(LimitRule.SlidingWindow rule, long origin) {
            this.rule = rule;
            this.time = new ManualTime(Instant.EPOCH, origin);
            this.limiter = InMemoryRateLimiter.builder().time(time).build();
            this.model = new NaiveSlidingWindow(rule);
        }

        Charge charge(long micros) {
            return new Charge(KEY, rule, new Amount(micros), ChargeMode.SENT);
        }

        boolean take(long micros) {
            if (limiter.reserve(new Batch("", List.of(charge(micros)))) instanceof Reservation.Granted granted) {
                open.add(granted);
                modelled.add(model.take(micros, time.monotonicNanos()));
                return true;
            }
            return false;
        }

        void giveBack(int index) {
            limiter.settle(open.remove(index), CallOutcome.UNSENT);
            model.giveBack(modelled.remove(index));
        }
    }

    @Property
    void itAdmitsExactlyWhatTheModelAdmitsAndForetellsWhen(@ForAll("steps") List<Step> steps, @ForAll long origin) {
        LimitRule.SlidingWindow rule = new LimitRule.SlidingWindow(Amount.of(10), Duration.ofSeconds(10));
        Pair pair = new Pair(rule, origin);
        for (Step step : steps) {
            pair.time.advanceNanos(step.nanos);
            long now = pair.time.monotonicNanos();
            if (step.micros == 0) {
                if (!pair.open.isEmpty()) {
                    pair.giveBack(step.index % pair.open.size());
                }
                continue;
            }
            Usage usage = pair.limiter.usage(List.of(pair.charge(step.micros))).get(0);
            boolean room = pair.model.hasRoom(step.micros, now);
            assertThat(usage.used().micros()).isEqualTo(pair.model.used(now));
            assertThat(usage.room().micros()).isEqualTo(Amount.of(10).micros() - pair.model.used(now));
            if (!room) {
                long wait = usage.retryAfter().toNanos();
                assertThat(pair.model.hasRoom(step.micros, now + wait)).isTrue();
                assertThat(pair.model.hasRoom(step.micros, now + wait - 1)).isFalse();
            }
            assertThat(pair.take(step.micros)).isEqualTo(room);
        }
        assertThat(pair.model.mostInAnyWindow())
                .isLessThanOrEqualTo(Amount.of(10).micros());
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Long> nanos = Arbitraries.oneOf(
                Arbitraries.of(0L, 1L, 5_000_000_000L, 9_999_999_999L, 10_000_000_000L),
                Arbitraries.longs().between(0, 4_000_000_000L));
        Arbitrary<Long> micros = Arbitraries.oneOf(
                Arbitraries.just(0L),
                Arbitraries.just(Amount.ONE_MICROS),
                Arbitraries.longs().between(1, 10_000_000));
        Arbitrary<Integer> index = Arbitraries.integers().between(0, 30);
        return Combinators.combine(nanos, micros, index)
                .as(Step::new)
                .list()
                .ofMaxSize(60)
                .withoutEdgeCases();
    }

    /** Past its capacity it may forget exact times. Then it is late, by less than a slice, and never early. */
    @Property(tries = 5)
    void manyEntriesAreReleasedLateByLessThanASliceAndNeverEarly(@ForAll("gaps") List<Integer> gaps) {
        Duration window = Duration.ofSeconds(10);
        LimitRule.SlidingWindow rule = new LimitRule.SlidingWindow(Amount.of(12_000), window);
        Pair pair = new Pair(rule, -5_000_000_000L);
        long slice = window.toNanos() / SlidingWindowCell.SLICES + 1;
        for (int i = 0; i < 20_000; i++) {
            // On average 15,000 a window: more than the limit and much more than the entries.
            pair.time.advanceNanos(gaps.get(i % gaps.size()));
            boolean admitted = pair.take(Amount.ONE_MICROS);
            if (admitted && i % 5 == 0) {
                pair.giveBack(i * 31 % pair.open.size());
            }
            if (i % 100 == 0) {
                long now = pair.time.monotonicNanos();
                long used = pair.limiter
                        .usage(List.of(pair.charge(1)))
                        .get(0)
                        .used()
                        .micros();
                assertThat(used).isBetween(pair.model.used(now), pair.model.used(now - slice));
            }
        }
    }

    @Provide
    Arbitrary<List<Integer>> gaps() {
        return Arbitraries.integers()
                .withDistribution(RandomDistribution.uniform())
                .between(0, 1_333_333)
                .list()
                .ofSize(97)
                .withoutEdgeCases();
    }
}
