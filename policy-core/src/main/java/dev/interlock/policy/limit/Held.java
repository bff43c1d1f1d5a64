package dev.interlock.policy.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A reservation that this limiter granted, settled once. */
abstract sealed class Held implements Reservation.Granted permits Taken, Held.Several {

    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Held.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final InMemoryRateLimiter owner;

    @SuppressWarnings("unused") // through SETTLED
    private volatile boolean settled;

    Held(InMemoryRateLimiter owner) {
        this.owner = owner;
    }

    /** Claims the right to settle; true for the first caller only. */
    final boolean settle() {
        return SETTLED.compareAndSet(this, false, true);
    }

    /**
     * Gives back what this outcome gives back. If a cell died meanwhile, it was at a fresh start or its rule was
     * changed, so there is nothing to give back to.
     */
    abstract void giveBack(Settlement outcome, Ticker ticker);

    /** What a batch of several charges took, in the order of the batch, each part with its key. */
    static final class Several extends Held {

        final List<LimitKey> keys;
        final List<Taken> parts;

        Several(InMemoryRateLimiter owner, List<LimitKey> keys, List<Taken> parts) {
            super(owner);
            this.keys = keys;
            this.parts = parts;
        }

        @Override
        void giveBack(Settlement outcome, Ticker ticker) {
            SortedMap<LimitKey, List<Taken>> byKey = new TreeMap<>();
            for (int i = 0; i < parts.size(); i++) {
                if (outcome.givesBack(parts.get(i).mode)) {
                    byKey.computeIfAbsent(keys.get(i), key -> new ArrayList<>()).add(parts.get(i));
                }
            }
            List<Cell> claimed = new ArrayList<>();
            try {
                List<Taken> alive = new ArrayList<>();
                for (List<Taken> ofKey : byKey.values()) {
                    for (Taken part : ofKey) {
                        if (claimed.contains(part.cell)) {
                            alive.add(part);
                        } else if (part.cell.claim()) {
                            claimed.add(part.cell);
                            alive.add(part);
                        }
                    }
                }
                Moment now = ticker.read();
                // In reverse order, which is exact if several parts belong to one cell.
                for (int i = alive.size() - 1; i >= 0; i--) {
                    alive.get(i).cell.giveBack(alive.get(i), now);
                }
            } finally {
                claimed.forEach(Cell::release);
            }
        }
    }
}
