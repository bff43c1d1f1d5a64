package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one charge took from one cell, and what the cell needs to give it back. For a batch of one charge, this is the
 * reservation itself.
 */
abstract non-sealed class CellGrant extends InMemoryReservation {

    final Cell cell;
    final ChargeMode mode;

    CellGrant(InMemoryRateLimiter owner, Cell cell, ChargeMode mode) {
        super(owner);
        this.cell = cell;
        this.mode = mode;
    }

    @Override
    boolean isChangedBy(CallOutcome outcome) {
        return outcome.changes(mode);
    }

    @Override
    void hold(long wait, LimiterClock clock) {
        // Only places have leases.
    }

    /** The same of another cell, for one whose cell is kept as bytes meanwhile. */
    abstract CellGrant on(InMemoryRateLimiter other, Cell cell);

    /** Whether it has a lease, so that {@link #hold} changes something. */
    boolean isLeased() {
        return false;
    }

    /** The charge, if its amount is known only at the end of the call. */
    @Nullable
    Charge afterwards() {
        return null;
    }

    @Override
    final void end(CallOutcome outcome, List<@Nullable Amount> spent, LimiterClock clock) {
        if (isChangedBy(outcome) && cell.claim()) {
            try {
                cell.end(this, outcome, at(0, spent), clock.read());
            } finally {
                cell.release();
            }
        }
    }
}
