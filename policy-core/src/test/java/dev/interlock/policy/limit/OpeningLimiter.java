package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ForwardingLimiter;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Charges single limits by the short way that a limiter opens for them, as an engine does; all else by the other. */
public final class OpeningLimiter extends ForwardingLimiter {

    public OpeningLimiter(RateLimiter limiter) {
        super(limiter);
    }

    @Override
    public Reservation reserve(Batch batch) {
        Reservation granted = batch.charges().size() == 1 ? take(batch.charges().get(0)) : null;
        return granted == null ? limiter.reserve(batch) : granted;
    }

    private @Nullable Reservation take(Charge charge) {
        LimitHandle bucket = limiter.open(charge.key().limit(), charge.rule(), charge.amount(), charge.mode());
        LimitHandle.Count count = bucket == null
                ? null
                : bucket.count(charge.key().subject(), charge.key().partition());
        if (count == null) {
            return null;
        }
        long taken = bucket.take(count);
        return taken == LimitHandle.NOTHING ? null : new Opened(bucket, count, taken);
    }

    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (!(reservation instanceof Opened opened)) {
            limiter.settle(reservation, outcome, spent);
        } else if (opened.first()) {
            opened.bucket.settle(opened.count, opened.taken, outcome);
        }
    }

    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        if (!(reservation instanceof Opened)) {
            limiter.hold(reservation, wait);
        }
    }

    /** Of a bucket's own settling nothing says that it may be told twice. */
    private static final class Opened implements Reservation.Granted {

        final LimitHandle bucket;
        final LimitHandle.Count count;
        final long taken;
        private boolean settled;

        Opened(LimitHandle bucket, LimitHandle.Count count, long taken) {
            this.bucket = bucket;
            this.count = count;
            this.taken = taken;
        }

        synchronized boolean first() {
            boolean first = !settled;
            settled = true;
            return first;
        }
    }
}
