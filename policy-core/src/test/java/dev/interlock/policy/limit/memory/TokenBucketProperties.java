package dev.interlock.policy.limit.memory;

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

/** Token buckets against {@link NaiveBucket}. */
class TokenBucketProperties {

    private static final LimitKey KEY = new LimitKey("limit", "subject");

    /** What happens next. */
    sealed interface Step {
        /** A call of so much of {@code max}, at most 1,000,000 parts of a million. */
        record Call(int parts) implements Step {}

        /** A whole number of calls. */
        record Calls(int count) implements Step {}

        /** Time passes: so many parts of a million of the window. */
        record Pass(int parts) implements Step {}

        /** The n-th of the open reservations is given back. */
        record GiveBack(int index) implements Step {}
    }

    /** A bucket of the limiter and its model, in step. */
    private static final class Pair {
        final LimitRule.TokenBucket rule;
        final ManualTime time;
        final RateLimiter limiter;
        final NaiveBucket model;
        final List<Reservation.Granted> open = new ArrayList<>();
        final List<Object> modelled = new ArrayList<>();
        boolean gaveBack;

        Pair(LimitRule.TokenBucket rule, long origin) {
            this.rule = rule;
            this.time = new ManualTime(Instant.EPOCH, origin);
            this.limiter = InMemoryRateLimiter.builder().time(time).build();
            this.model = new NaiveBucket(rule);
        }

        void play(Step step, boolean exact) {
            long now = time.monotonicNanos();
            if (step instanceof Step.Call call) {
                call(Math128.multiplyDivide(rule.max().micros(), call.parts, 1_000_000), now, exact);
            } else if (step instanceof Step.Calls calls) {
                call(calls.count * Amount.ONE_MICROS, now, exact);
            } else if (step instanceof Step.Pass pass) {
                time.advanceNanos(Math128.multiplyDivide(rule.window().toNanos(), pass.parts, 1_000_000));
            } else if (step instanceof Step.GiveBack back && !open.isEmpty()) {
                int index = back.index % open.size();
                limiter.settle(open.remove(index), CallOutcome.UNSENT);
                model.giveBack(modelled.remove(index));
                gaveBack = true;
            }
        }

        private void call(long micros, long now, boolean exact) {
            if (micros == 0) {
                return;
            }
            boolean room = model.hasRoom(micros, now);
            Charge charge = new Charge(KEY, rule, new Amount(micros), ChargeMode.SENT);
            Usage usage = limiter.usage(List.of(charge)).get(0);
            boolean admitted = limiter.reserve(new Batch("", List.of(charge))) instanceof Reservation.Granted granted
                    && open.add(granted);
            if (admitted) {
                assertThat(room).as("admitted with room for it").isTrue();
                modelled.add(model.take(micros, now));
            } else if (exact && !gaveBack) {
                assertThat(room).as("refused with room for it").isFalse();
                foretold(usage.retryAfter(), micros, now);
            }
            assertThat(usage.retryAfter() != null && usage.retryAfter().isZero())
                    .isEqualTo(admitted);
            assertThat(usage.room().micros() >= micros).isEqualTo(admitted);
        }

        private void foretold(Duration wait, long micros, long now) {
            if (micros > rule.max().micros()) {
                assertThat(wait).isNull();
            } else {
                assertThat(model.hasRoom(micros, now + wait.toNanos())).isTrue();
                assertThat(model.hasRoom(micros, now + wait.toNanos() - 1)).isFalse();
            }
        }
    }

    @Property
    void aBucketOfPartsOfCallsAdmitsExactlyWhatTheModelAdmits(
            @ForAll("rules") LimitRule.TokenBucket rule, @ForAll("takingParts") List<Step> steps, @ForAll long origin) {
        Pair pair = new Pair(rule, origin);
        steps.forEach(step -> pair.play(step, true));
    }

    @Property
    void aBucketOfWholeCallsAdmitsExactlyWhatTheModelAdmitsIfMaxDividesTheWindow(
            @ForAll("evenRules") LimitRule.TokenBucket rule,
            @ForAll("takingCalls") List<Step> steps,
            @ForAll long origin) {
        Pair pair = new Pair(rule, origin);
        steps.forEach(step -> pair.play(step, true));
    }

    @Property
    void callsAndPartsOfCallsMixedAreAdmittedExactlyAsTheModelAdmits(
            @ForAll("evenRules") LimitRule.TokenBucket rule, @ForAll("takingBoth") List<Step> steps) {
        Pair pair = new Pair(rule, 0);
        steps.forEach(step -> pair.play(step, false));
    }

    @Property
    void noBucketEverAdmitsWhatTheModelRefuses(
            @ForAll("rules") LimitRule.TokenBucket rule, @ForAll("all") List<Step> steps, @ForAll long origin) {
        Pair pair = new Pair(rule, origin);
        steps.forEach(step -> pair.play(step, false));
    }

    @Property
    void noBucketOfWholeCallsEverAdmitsWhatTheModelRefuses(
            @ForAll("smallRules") LimitRule.TokenBucket rule, @ForAll("allOfCalls") List<Step> steps) {
        Pair pair = new Pair(rule, 0);
        steps.forEach(step -> pair.play(step, false));
    }

    @Property
    void aBurstIsExactlyMaxAndComesBackAfterTheWindow(@ForAll("wholeRules") LimitRule.TokenBucket rule) {
        Pair pair = new Pair(rule, 0);
        int max = Math.toIntExact(rule.max().micros() / Amount.ONE_MICROS);
        for (int round = 0; round < 3; round++) {
            int count = 0;
            while (pair.limiter.reserve(new Batch("", List.of(new Charge(KEY, rule, Amount.ONE, ChargeMode.SENT))))
                    instanceof Reservation.Granted) {
                count++;
            }
            assertThat(count).isEqualTo(max);
            // Rounding may delay the last drop by a nanosecond for each call.
            pair.time.advanceNanos(rule.window().toNanos() + max);
        }
    }

    @Property
    void aCallThatIsGivenBackAtOnceLeavesNoTrace(
            @ForAll("rules") LimitRule.TokenBucket rule,
            @ForAll("takingParts") List<Step> steps,
            @ForAll("part") int parts) {
        Pair pair = new Pair(rule, 0);
        for (Step step : steps) {
            pair.play(step, true);
            long micros = Math.max(1, Math128.multiplyDivide(rule.max().micros(), parts, 1_000_000));
            Charge charge = new Charge(KEY, rule, new Amount(micros), ChargeMode.SENT);
            if (pair.limiter.reserve(new Batch("", List.of(charge))) instanceof Reservation.Granted granted) {
                pair.limiter.settle(granted, CallOutcome.UNSENT);
            }
        }
    }

    // ---- what they are fed ----

    private static Arbitrary<LimitRule.TokenBucket> rules(Arbitrary<Long> maxMicros, Arbitrary<Long> seconds) {
        return Combinators.combine(maxMicros, seconds)
                .as((max, s) -> new LimitRule.TokenBucket(new Amount(max), Duration.ofSeconds(s)));
    }

    private static Arbitrary<Long> seconds() {
        return Arbitraries.oneOf(
                Arbitraries.of(1L, 60L, 3_600L, 86_400L),
                Arbitraries.longs().between(1, Window.Length.MAX.toSeconds()));
    }

    @Provide
    Arbitrary<LimitRule.TokenBucket> rules() {
        return rules(Arbitraries.longs().between(1, Amount.MAX.micros()), seconds());
    }

    @Provide
    Arbitrary<LimitRule.TokenBucket> wholeRules() {
        return rules(Arbitraries.longs().between(1, 100).map(n -> n * Amount.ONE_MICROS), seconds());
    }

    @Provide
    Arbitrary<LimitRule.TokenBucket> smallRules() {
        return rules(Arbitraries.longs().between(1, 7).map(n -> n * Amount.ONE_MICROS), seconds());
    }

    @Provide
    Arbitrary<LimitRule.TokenBucket> evenRules() {
        return rules(
                Arbitraries.of(1L, 2L, 3L, 4L, 5L, 8L, 10L, 60L).map(n -> n * Amount.ONE_MICROS),
                Arbitraries.of(60L, 3_600L, 86_400L));
    }

    @Provide
    Arbitrary<Integer> part() {
        return Arbitraries.oneOf(
                Arbitraries.of(1, 2, 100_000, 250_000, 333_333, 500_000, 1_000_000),
                Arbitraries.integers().between(0, 1_000_000));
    }

    private Arbitrary<Step> call() {
        return part().map(Step.Call::new);
    }

    private Arbitrary<Step> calls() {
        return Arbitraries.integers().between(1, 4).map(Step.Calls::new);
    }

    private Arbitrary<Step> pass() {
        return part().map(Step.Pass::new);
    }

    private Arbitrary<Step> giveBack() {
        return Arbitraries.integers().between(0, 20).map(Step.GiveBack::new);
    }

    @Provide
    Arbitrary<List<Step>> takingParts() {
        return Arbitraries.oneOf(call(), pass()).list().ofMaxSize(40).withoutEdgeCases();
    }

    @Provide
    Arbitrary<List<Step>> takingCalls() {
        return Arbitraries.oneOf(calls(), pass()).list().ofMaxSize(40).withoutEdgeCases();
    }

    @Provide
    Arbitrary<List<Step>> takingBoth() {
        return Arbitraries.oneOf(call(), calls(), pass()).list().ofMaxSize(40).withoutEdgeCases();
    }

    @Provide
    Arbitrary<List<Step>> all() {
        return Arbitraries.oneOf(call(), call(), calls(), pass(), giveBack())
                .list()
                .ofMaxSize(60);
    }

    @Provide
    Arbitrary<List<Step>> allOfCalls() {
        return Arbitraries.oneOf(calls(), calls(), pass(), giveBack())
                .list()
                .ofMaxSize(60)
                .withoutEdgeCases();
    }
}
