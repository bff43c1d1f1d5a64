package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Reservation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A reservation that this limiter granted, settled once. */
abstract sealed class InMemoryReservation implements Reservation.Granted permits CellGrant, BatchGrant {

    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(InMemoryReservation.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final InMemoryRateLimiter owner;

    @SuppressWarnings("unused") // through SETTLED
    private volatile boolean settled;

    InMemoryReservation(InMemoryRateLimiter owner) {
        this.owner = owner;
    }

    /** Claims the right to settle; true for the first caller only. */
    final boolean settle() {
        return SETTLED.compareAndSet(this, false, true);
    }

    /** Whether this outcome changes what is counted. */
    abstract boolean isChangedBy(CallOutcome outcome);

    /** Lets the leases of places begin in so many nanoseconds. */
    abstract void hold(long wait, LimiterClock clock);

    /**
     * Gives back what this outcome gives back, and counts what is known only now. If a cell died meanwhile, it was at a
     * fresh start or its rule was changed, so there is nothing to give back to.
     *
     * @param spent the real amounts, in the order of the batch
     */
    abstract void end(CallOutcome outcome, List<@Nullable Amount> spent, LimiterClock clock);

    /** The real amount of the charge at a position of the batch; null if it is unknown. */
    static @Nullable Amount at(int position, List<@Nullable Amount> spent) {
        return position < spent.size() ? spent.get(position) : null;
    }
}
