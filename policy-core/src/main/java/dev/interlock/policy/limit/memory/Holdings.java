package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps count of who holds how many keys. A caller that can invent names of tools, or open sessions, can bring any
 * number of keys, and keys are never forgotten to make room for others. So each caller and each limit may have only a
 * share of the free places:
 *
 * <ul>
 *   <li>A caller may take one more place in a limit while it holds fewer places there than a {@value #CALLERS}th of the
 *       free ones.
 *   <li>A limit may hold half of all places. Callers with an identity and callers without one are counted separately,
 *       so that sessions, which cost nothing, leave room for callers that are known.
 * </ul>
 *
 * A caller's share is a share of the free places, not of all. So however many limits a caller floods, some places stay
 * free, and a caller that holds none in a limit gets one of them.
 *
 * <p>A count for each caller would take nearly as much memory as the key, because most callers have only one. So the
 * callers of a limit are first counted in {@value #GROUPS} groups, by their hash, and counted individually only if
 * their group has used its share. A caller that shares a group with a flood is counted individually, and loses nothing.
 *
 * <p>Thread-safe. Only used when a key is added or removed.
 */
final class Holdings {

    static final int CALLERS = 16;
    static final int GROUPS = 256;

    private final long maxKeys;
    private final AtomicLong size = new AtomicLong();
    private final ConcurrentMap<Object, Holding> holdings = new ConcurrentHashMap<>();

    Holdings(long maxKeys) {
        this.maxKeys = maxKeys;
    }

    /** How many keys there are. */
    long size() {
        return size.get();
    }

    /** What is shared: a limit, for any tool, for callers with an identity or for those without one. */
    record SharedLimit(String family, boolean identified) {}

    /** The callers of a limit whose hashes have the same low bits. */
    record Group(SharedLimit limit, int number) {

        static Group of(SharedLimit limit, Caller caller) {
            int hash = caller.name().hashCode();
            return new Group(limit, (hash ^ hash >>> 8 ^ hash >>> 16 ^ hash >>> 24) & GROUPS - 1);
        }
    }

    /** One caller of a limit. */
    record Alone(SharedLimit limit, Caller caller) {}

    /** A count of keys. */
    static final class Holding {

        final Object holder;
        final SharedLimit limit;

        /** Changed only inside {@link ConcurrentMap#compute} for the holder. */
        private long keys;

        Holding(Object holder, SharedLimit limit) {
            this.holder = holder;
            this.limit = limit;
        }
    }

    /** A place for a key, on the account of one caller. Null if none is left for this caller. */
    @Nullable
    Holding take(LimitKey key, Caller caller) {
        SharedLimit limit = new SharedLimit(key.family(), caller.identified());
        long free = maxKeys - size.get();
        Holding holding = take(Group.of(limit, caller), limit, free / GROUPS);
        if (holding == null) {
            holding = take(new Alone(limit, caller), limit, Math.max(1, free / CALLERS));
        }
        if (holding == null) {
            return null;
        }
        if (take(limit, limit, (maxKeys + 1) / 2) == null) {
            give(holding.holder);
            return null;
        }
        if (!takePlace()) {
            give(limit);
            give(holding.holder);
            return null;
        }
        return holding;
    }

    /** A place for a key that was held before, however many places others have. Null if there is none. */
    @Nullable
    Holding restore(Object holder, SharedLimit limit) {
        if (!takePlace()) {
            return null;
        }
        take(limit, limit, Long.MAX_VALUE);
        return take(holder, limit, Long.MAX_VALUE);
    }

    /** Frees a place. */
    void giveBack(Holding holding) {
        give(holding.limit);
        give(holding.holder);
        size.decrementAndGet();
    }

    private boolean takePlace() {
        long taken = size.get();
        while (taken < maxKeys) {
            if (size.compareAndSet(taken, taken + 1)) {
                return true;
            }
            taken = size.get();
        }
        return false;
    }

    private @Nullable Holding take(Object holder, SharedLimit limit, long share) {
        if (share < 1) {
            return null;
        }
        boolean[] taken = new boolean[1];
        Holding holding = holdings.compute(holder, (same, known) -> {
            Holding counted = known == null ? new Holding(holder, limit) : known;
            if (counted.keys < share) {
                counted.keys++;
                taken[0] = true;
            }
            return counted;
        });
        return taken[0] ? holding : null;
    }

    private void give(Object holder) {
        holdings.computeIfPresent(holder, (same, known) -> --known.keys == 0 ? null : known);
    }
}
