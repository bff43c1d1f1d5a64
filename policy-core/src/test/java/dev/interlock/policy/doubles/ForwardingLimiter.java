package dev.interlock.policy.doubles;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A limiter that asks another one. It opens no limits, so that no reservation gets past {@link #reserve}, and it does
 * everything at once.
 */
public class ForwardingLimiter implements RateLimiter {

    protected final RateLimiter limiter;

    public ForwardingLimiter(RateLimiter limiter) {
        this.limiter = limiter;
    }

    @Override
    public Reservation reserve(Batch batch) {
        return limiter.reserve(batch);
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
        return limiter.usage(charges);
    }
}
