package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;

/**
 * What one charge took from one cell, and what the cell needs to give it back. For a batch of one charge, this is the
 * reservation itself.
 */
abstract non-sealed class Taken extends Held {

    final Cell cell;
    final ChargeMode mode;

    Taken(InMemoryRateLimiter owner, Cell cell, ChargeMode mode) {
        super(owner);
        this.cell = cell;
        this.mode = mode;
    }

    @Override
    final void giveBack(Settlement outcome, Ticker ticker) {
        if (outcome.givesBack(mode) && cell.claim()) {
            try {
                cell.giveBack(this, ticker.read());
            } finally {
                cell.release();
            }
        }
    }
}
