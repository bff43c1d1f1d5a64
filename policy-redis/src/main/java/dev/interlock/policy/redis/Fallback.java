package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.time.TimeSource;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers in place of Redis: one implementation for each {@link FailureMode}. */
interface Fallback {

    /** Refuses everything. */
    Fallback DENIAL = new Denial();

    Reservation reserve(Batch batch);

    /** Settles what {@link #reserve} granted. */
    void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent);

    /** Holds the places that {@link #reserve} granted. */
    void hold(Reservation.Granted reservation, Duration wait);

    /**
     * The current usage of limits.
     *
     * @throws UnavailableException if it isn't known
     */
    List<Usage> usage(List<Charge> charges);

    static Fallback of(FailureMode mode, TimeSource time) {
        if (mode instanceof FailureMode.Local local) {
            return new Fraction(
                    local.exactly(), InMemoryRateLimiter.builder().time(time).build());
        }
        return mode instanceof FailureMode.Open ? new Uncounted() : DENIAL;
    }

    /** Refuses everything. */
    final class Denial implements Fallback {

        @Override
        public Reservation reserve(Batch batch) {
            return new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            throw new IllegalStateException("nothing was ever granted");
        }

        @Override
        public void hold(Reservation.Granted reservation, Duration wait) {
            throw new IllegalStateException("nothing was ever granted");
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            throw new UnavailableException("Redis could not be asked how limits stand");
        }
    }

    /** Grants everything, and counts nothing. */
    final class Uncounted implements Fallback {

        private record Free() implements Reservation.Granted {}

        @Override
        public Reservation reserve(Batch batch) {
            return new Free();
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            // Nothing was taken.
        }

        @Override
        public void hold(Reservation.Granted reservation, Duration wait) {
            // Nothing was taken.
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            return charges.stream()
                    .map(charge -> new Usage(Amount.ZERO, charge.rule().max(), Duration.ZERO))
                    .toList();
        }
    }

    /** Counts in this process, against a fraction of each limit. */
    final class Fraction implements Fallback {

        private final BigDecimal part;
        private final RateLimiter limiter;

        Fraction(BigDecimal part, RateLimiter limiter) {
            this.part = part;
            this.limiter = limiter;
        }

        @Override
        public Reservation reserve(Batch batch) {
            List<Charge> charges = batch.charges().stream().map(this::reduced).toList();
            Reservation answer = limiter.reserve(new Batch("", charges));
            // An amount too large for the fraction isn't necessarily too large for the whole limit.
            return answer instanceof Reservation.NotGranted refused
                            && refused.reason() == Reservation.Reason.TOO_LARGE
                            && fits(batch.charges(), refused.charge())
                    ? new Reservation.NotGranted(refused.charge(), Reservation.Reason.UNAVAILABLE, null)
                    : answer;
        }

        /** Whether the charges up to this one, on its key, fit into its whole limit. */
        private static boolean fits(List<Charge> charges, int index) {
            Charge last = charges.get(index);
            Amount max = last.rule().max();
            BigDecimal asked = charges.subList(0, index + 1).stream()
                    .filter(charge -> charge.key().equals(last.key()))
                    .map(charge -> charge.amount().toBigDecimal())
                    .reduce(BigDecimal.ZERO, BigDecimal::add);
            return max == null || asked.compareTo(max.toBigDecimal()) <= 0;
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            limiter.settle(reservation, outcome, spent);
        }

        @Override
        public void hold(Reservation.Granted reservation, Duration wait) {
            limiter.hold(reservation, wait);
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            return limiter.usage(charges.stream().map(this::reduced).toList());
        }

        private Charge reduced(Charge charge) {
            return charge.by(reduced(charge.rule()));
        }

        private LimitRule reduced(LimitRule rule) {
            if (rule instanceof LimitRule.TokenBucket bucket) {
                return new LimitRule.TokenBucket(reduced(bucket.max()), bucket.window());
            }
            if (rule instanceof LimitRule.SlidingWindow sliding) {
                return new LimitRule.SlidingWindow(reduced(sliding.max()), sliding.window());
            }
            if (rule instanceof LimitRule.Concurrent places) {
                return new LimitRule.Concurrent(reduced(places.max()), places.lease());
            }
            LimitRule.FixedWindow fixed = (LimitRule.FixedWindow) rule;
            return fixed.max() == null ? fixed : new LimitRule.FixedWindow(reduced(fixed.max()), fixed.window());
        }

        private Amount reduced(Amount max) {
            return new Amount(BigDecimal.valueOf(max.micros())
                    .multiply(part)
                    .setScale(0, RoundingMode.DOWN)
                    .longValueExact());
        }
    }
}
