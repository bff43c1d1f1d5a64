package dev.interlock.policy.limit.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A cell whose state does not fit into a {@code long}, so every operation claims it. */
abstract class LockedCell extends Cell {

    private static final int FREE = 0;
    private static final int CLAIMED = 1;
    private static final int DEAD = 2;

    private static final VarHandle CLAIM;

    static {
        try {
            CLAIM = MethodHandles.lookup().findVarHandle(LockedCell.class, "claim", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int claim;

    @Override
    final Attempt attempt() {
        if (claim == FREE && CLAIM.compareAndSet(this, FREE, CLAIMED)) {
            return Attempt.CLAIMED;
        }
        return claim == DEAD ? Attempt.DEAD : Attempt.BUSY;
    }

    @Override
    final void release() {
        claim = FREE;
    }

    @Override
    final void kill() {
        claim = DEAD;
    }
}
