package dev.interlock.policy.limit.remote;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts in this process, against a fraction of each limit. */
final class LocalFallback implements Fallback {

    private final BigDecimal part;
    private final RateLimiter limiter;

    LocalFallback(BigDecimal part, RateLimiter limiter) {
        this.part = part;
        this.limiter = limiter;
    }

    @Override
    public Reservation reserve(Batch batch) {
        if (batch.strict()) {
            return RefusingFallback.REFUSAL;
        }
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
