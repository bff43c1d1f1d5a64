package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The counts of some keys, of a store that keeps counts as bytes: it is given those that are there, counts at one
 * moment as {@link InMemoryRateLimiter} does, and says what has changed, while no one else has them. For one thread.
 *
 * <p>Each count has a generation, by which what was granted is applied to that count only: not to one that has taken
 * its place since because the rule has changed, or because it was forgotten.
 */
public final class KeptLimits {

    /**
     * Where the clock of the counts begins, so that it has 73 years ahead. Before it, time stands still, and so it does
     * after them.
     */
    private static final long EPOCH = ChronoUnit.NANOS.between(Instant.EPOCH, Instant.parse("2020-01-01T00:00:00Z"));

    private static final InMemoryRateLimiter OTHERS = new InMemoryRateLimiter(new ClockReading(0, 0));
    private static final Cell ELSEWHERE = new PlacesCell(new LimitRule.Concurrent(Amount.ONE, Duration.ofSeconds(1)));

    private final long nanos;
    private final ClockReading now;
    private final InMemoryRateLimiter limiter;
    private final Map<LimitKey, Held> held = new HashMap<>();

    /** The generations of the counts that are not those that were given. */
    private final Map<LimitKey, Long> added = new HashMap<>();

    /** What was given, and the cell that it became. */
    private static final class Held {
        final Cell cell;
        final long generation;
        final byte[] state;

        Held(Cell cell, long generation, byte[] state) {
            this.cell = cell;
            this.generation = generation;
            this.state = state;
        }
    }

    /**
     * Counts nothing yet.
     *
     * @param nanos what the store's clock shows now, in nanoseconds since 1970, not before any time at which the counts
     *     were kept
     */
    public KeptLimits(long nanos) {
        this.nanos = nanos;
        long since = nanos < EPOCH ? 0 : Math.min(nanos - EPOCH, LimiterClock.END);
        this.now = new ClockReading(since, Math.floorDiv(nanos, 1_000_000L));
        this.limiter = new InMemoryRateLimiter(now);
    }

    /**
     * Returns the keys that {@link #reserve} counts, in the order in which a store locks them. A batch without any is
     * granted without being counted.
     */
    public static SortedSet<LimitKey> keys(List<Charge> charges) {
        SortedSet<LimitKey> keys = new TreeSet<>();
        for (Charge charge : charges) {
            if (charge.asked().micros() > 0) {
                keys.add(charge.key());
            }
        }
        return keys;
    }

    /**
     * Gives the count of a key that was kept, before anything is counted.
     *
     * @param generation what {@link KeptCount#generation} returned
     * @param state what {@link KeptCount#state} returned
     * @throws IllegalArgumentException if these are not bytes that this class has written
     */
    public void put(LimitKey key, long generation, byte[] state) {
        Cell cell = CellBytes.read(state, limiter);
        held.put(key, new Held(cell, generation, state));
        limiter.cells().put(key, cell);
    }

    /** Takes everything, or nothing. What is granted is a {@link KeptGrant}. */
    public Reservation reserve(List<Charge> charges) {
        Reservation answer = limiter.reserve(new Batch("", charges));
        List<KeptPart> parts = new ArrayList<>();
        Map<LimitKey, Long> generations = new HashMap<>();
        if (answer instanceof BatchGrant batch) {
            for (int i = 0; i < batch.parts.size(); i++) {
                add(parts, generations, batch.keys.get(i), batch.parts.get(i), batch.positions[i]);
            }
        } else if (answer instanceof CellGrant grant) {
            add(parts, generations, charges.get(0).key(), grant, 0);
        } else {
            return answer;
        }
        added.putAll(generations);
        return new KeptGrant(parts);
    }

    private void add(
            List<KeptPart> parts, Map<LimitKey, Long> generations, LimitKey key, CellGrant grant, int position) {
        // What was taken from a cell that was replaced within the batch is kept.
        if (grant.cell.equals(limiter.cells().get(key))) {
            Held given = held.get(key);
            long generation = given != null && given.cell.equals(grant.cell)
                    ? given.generation
                    : generations.computeIfAbsent(key, any -> CellBytes.newId());
            parts.add(new KeptPart(key, generation, position, grant.on(OTHERS, ELSEWHERE)));
        }
    }

    /** Returns how limits stand, as {@link InMemoryRateLimiter#usage}. */
    public List<Usage> usage(List<Charge> charges) {
        return limiter.usage(charges);
    }

    /** Gives back or counts what a call does at its end, where the counts are those that it was granted by. */
    public void settle(KeptGrant grant, CallOutcome outcome, List<@Nullable Amount> spent) {
        for (int i = grant.parts.size() - 1; i >= 0; i--) {
            KeptPart part = grant.parts.get(i);
            Cell cell = cell(part);
            if (cell != null && part.grant.isChangedBy(outcome)) {
                cell.end(part.grant, outcome, InMemoryReservation.at(part.position, spent), now);
            }
        }
    }

    /** Lets the leases of a call's places begin in {@code wait}. */
    public void hold(KeptGrant grant, Duration wait) {
        for (KeptPart part : grant.parts) {
            if (part.grant.isLeased() && cell(part) instanceof PlacesCell places) {
                places.hold(part.grant, wait.toNanos(), now.nanos());
            }
        }
    }

    private @Nullable Cell cell(KeptPart part) {
        Held given = held.get(part.key);
        return given != null && given.generation == part.generation ? given.cell : null;
    }

    /** Returns what a person is shown of a key that was given; null if it is back at a fresh start. */
    public @Nullable LimitRecord record(LimitKey key) {
        Held given = held.get(key);
        return given == null || given.cell.isFresh(now) ? null : given.cell.record(key, now);
    }

    /** Returns what must be kept, in the order of the keys: the counts that are not those that were given. */
    public List<KeptCount> changes() {
        TreeMap<LimitKey, KeptCount> changes = new TreeMap<>();
        for (Map.Entry<LimitKey, Cell> entry : limiter.cells().entries()) {
            LimitKey key = entry.getKey();
            Cell cell = entry.getValue();
            Amount used = new Amount(Math.min(cell.shown(now), Amount.MAX.micros()));
            byte[] state = CellBytes.of(cell);
            Held given = held.get(key);
            Long generation = added.get(key);
            // A count that has taken the place of one with the same bytes must be kept, too: grants know it apart.
            if (given == null || generation != null || !Arrays.equals(state, given.state)) {
                changes.put(
                        key,
                        new KeptCount(
                                key,
                                given == null,
                                generation == null && given != null ? given.generation : generation(generation),
                                cell.kind(),
                                used,
                                freshAt(cell),
                                state));
            }
        }
        return List.copyOf(changes.values());
    }

    private static long generation(@Nullable Long known) {
        return known == null ? CellBytes.newId() : known;
    }

    private long freshAt(Cell cell) {
        Duration left = cell.untilFresh(now);
        Duration most = Duration.ofNanos(LimiterClock.END - now.nanos());
        return left.compareTo(most) >= 0 ? Long.MAX_VALUE : Math.max(0, nanos) + left.toNanos();
    }

    /** What a batch took. Plain values, which this process keeps until the call has ended. Immutable. */
    public static final class KeptGrant implements Reservation.Granted {

        /** What a batch took that took nothing. */
        public static final KeptGrant NOTHING = new KeptGrant(List.of());

        private final List<KeptPart> parts;

        private KeptGrant(List<KeptPart> parts) {
            this.parts = List.copyOf(parts);
        }

        /** Returns whether this end of the call changes what is counted. */
        public boolean isChangedBy(CallOutcome outcome) {
            return parts.stream().anyMatch(part -> part.grant.isChangedBy(outcome));
        }

        /** Returns whether it has places, whose leases {@link KeptLimits#hold} changes. */
        public boolean isLeased() {
            return parts.stream().anyMatch(part -> part.grant.isLeased());
        }

        /** Returns the keys whose counts this end of the call changes, in their order. */
        public SortedSet<LimitKey> changedBy(CallOutcome outcome) {
            SortedSet<LimitKey> keys = new TreeSet<>();
            parts.stream().filter(part -> part.grant.isChangedBy(outcome)).forEach(part -> keys.add(part.key));
            return keys;
        }

        /** Returns the keys of its places, in their order. */
        public SortedSet<LimitKey> leased() {
            SortedSet<LimitKey> keys = new TreeSet<>();
            parts.stream().filter(part -> part.grant.isLeased()).forEach(part -> keys.add(part.key));
            return keys;
        }

        /** Says how many counts it took from; never which. */
        @Override
        public String toString() {
            return "a grant of " + parts.size() + " counts";
        }
    }

    /** What was taken from one count, at a position of the batch. */
    private record KeptPart(LimitKey key, long generation, int position, CellGrant grant) {}

    /** A count as it must be kept. Its bytes are not copied. */
    public static final class KeptCount {

        private final LimitKey key;
        private final boolean isNew;
        private final long generation;
        private final String kind;
        private final Amount used;
        private final long freshAt;
        private final byte[] state;

        private KeptCount(
                LimitKey key, boolean isNew, long generation, String kind, Amount used, long freshAt, byte[] state) {
            this.key = key;
            this.isNew = isNew;
            this.generation = generation;
            this.kind = kind;
            this.used = used;
            this.freshAt = freshAt;
            this.state = state;
        }

        /** Returns what it is counted under. */
        public LimitKey key() {
            return key;
        }

        /** Returns whether nothing was given of this key. */
        public boolean isNew() {
            return isNew;
        }

        /** Returns a number that the count has until another one takes its place. */
        public long generation() {
            return generation;
        }

        /** Returns how it counts, for a person. */
        public String kind() {
            return kind;
        }

        /** Returns what is used now, for a person. */
        public Amount used() {
            return used;
        }

        /**
         * Returns when it is back at a fresh start if nothing more happens, in nanoseconds since 1970; the largest
         * {@code long} if never. From then on it may be forgotten.
         */
        public long freshAt() {
            return freshAt;
        }

        /** Returns all that must be kept, for {@link KeptLimits#put}. */
        public byte[] state() {
            return state;
        }

        /** Names the limit; never the subject or an amount. */
        @Override
        public String toString() {
            return "a count of " + key;
        }
    }
}
