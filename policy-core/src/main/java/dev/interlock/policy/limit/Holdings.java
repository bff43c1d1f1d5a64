package dev.interlock.policy.limit;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Who holds how many keys. Whoever can invent names of tools, or open sessions, can bring as many keys as they like, and
 * keys are not forgotten for others' sake; so each may only have a share of the places that are left.
 *
 * <ul>
 *   <li>A caller may take one more place in a limit while it holds fewer there than a {@value #CALLERS}th of those that are free.
 *   <li>A limit may hold half of all. Callers with an identity and those without are counted apart, so that sessions, which
 *       cost nothing, leave room for who is known.
 * </ul>
 *
 * A caller's share is one of what is free, not of all: however many limits a caller floods, some places stay free, and who
 * holds none in a limit gets one of them.
 *
 * <p>A count for each caller would take nearly as much memory as the key that most have. So the callers of a limit are first
 * counted in {@value #GROUPS} groups, by their hash, and one by one only where a group has its share. Who shares a
 * group with a flood is counted alone, and loses nothing by it.
 *
 * <p>Thread-safe. Only used when a key comes or goes.
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

    /** What is shared: a limit, whatever the tool, for callers with an identity or for those without. */
    record Limit(String family, boolean identified) {}

    /** Those callers of a limit whose hashes end alike. */
    record Group(Limit limit, int number) {

        static Group of(Limit limit, Caller caller) {
            int hash = caller.name().hashCode();
            return new Group(limit, (hash ^ hash >>> 8 ^ hash >>> 16 ^ hash >>> 24) & GROUPS - 1);
        }
    }

    /** One caller of a limit. */
    record Alone(Limit limit, Caller caller) {}

    /** A count of keys. */
    static final class Holding {

        final Object holder;
        final Limit limit;

        /** Changed only while {@link ConcurrentMap#compute} has the holder. */
        private long keys;

        Holding(Object holder, Limit limit) {
            this.holder = holder;
            this.limit = limit;
        }
    }

    /** A place for a key, on the account of one caller; null if there is none for them. */
    @Nullable
    Holding take(LimitKey key, Caller caller) {
        Limit limit = new Limit(key.family(), caller.identified());
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

    /** A place for a key that was held before, whoever else has how many; null if there is none. */
    @Nullable
    Holding restore(Object holder, Limit limit) {
        if (!takePlace()) {
            return null;
        }
        take(limit, limit, Long.MAX_VALUE);
        return take(holder, limit, Long.MAX_VALUE);
    }

    /** A place is free again. */
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

    private @Nullable Holding take(Object holder, Limit limit, long share) {
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
