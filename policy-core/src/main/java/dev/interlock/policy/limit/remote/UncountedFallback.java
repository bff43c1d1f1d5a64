package dev.interlock.policy.limit.remote;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Grants everything, and counts nothing. */
final class UncountedFallback implements Fallback {

    private record Free() implements Reservation.Granted {}

    @Override
    public Reservation reserve(Batch batch) {
        return batch.strict() ? RefusingFallback.REFUSAL : new Free();
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
