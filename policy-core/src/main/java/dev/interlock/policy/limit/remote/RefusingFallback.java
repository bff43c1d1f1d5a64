package dev.interlock.policy.limit.remote;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses everything. */
final class RefusingFallback implements Fallback {

    /** What is refused because the store could not be asked. */
    static final Reservation REFUSAL = new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);

    @Override
    public Reservation reserve(Batch batch) {
        return REFUSAL;
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
        throw new UnavailableException("the store could not be asked how limits stand");
    }
}
