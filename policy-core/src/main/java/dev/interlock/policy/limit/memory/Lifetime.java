package dev.interlock.policy.limit.memory;

import org.jspecify.annotations.Nullable;

/**
 * How long a mark, or one of its values, stays: one part for each time it was set that still matters. Newest first.
 * Immutable.
 *
 * <p>A part doesn't matter any more once a newer one ends no earlier: whatever clears the newer part clears the older
 * one as well. Parts that end with the session's idling and parts with a fixed end can't be compared, so both stay. So
 * there are at most as many parts as policies name different lengths, and one more.
 *
 * @param set the moment of the change that set it
 * @param end when it ends, in nanoseconds by the memory's clock; {@link #IDLE} if it ends with the session's idling
 * @param older the next older part; null if there is none
 */
record Lifetime(long set, long end, @Nullable Lifetime older) {

    static final long IDLE = Long.MAX_VALUE;

    /** This lifetime and a newer one. */
    static Lifetime extended(@Nullable Lifetime known, long set, long end) {
        return new Lifetime(set, end, notOutlasted(known, end));
    }

    private static @Nullable Lifetime notOutlasted(@Nullable Lifetime part, long end) {
        if (part == null) {
            return null;
        }
        Lifetime older = notOutlasted(part.older, end);
        boolean outlasted = end == IDLE ? part.end == IDLE : part.end <= end;
        return outlasted ? older : part.with(older);
    }

    /** What is left when everything is taken away that was set up to a moment. */
    static @Nullable Lifetime after(@Nullable Lifetime part, long moment) {
        return part == null || part.set <= moment ? null : part.with(after(part.older, moment));
    }

    /**
     * What has not ended.
     *
     * @param idle whether the session's idling has ended what ends with it
     */
    static @Nullable Lifetime at(@Nullable Lifetime part, long now, boolean idle) {
        if (part == null) {
            return null;
        }
        Lifetime older = at(part.older, now, idle);
        boolean ended = part.end == IDLE ? idle : part.end <= now;
        return ended ? older : part.with(older);
    }

    /** The first fixed end of a part; {@link #IDLE} if there is none. */
    static long firstEnd(@Nullable Lifetime part) {
        return part == null ? IDLE : Math.min(part.end, firstEnd(part.older));
    }

    /** Whether a part ends with the session's idling. */
    static boolean hasIdling(@Nullable Lifetime part) {
        return part != null && (part.end == IDLE || hasIdling(part.older));
    }

    /**
     * When the last part ends; {@link Long#MIN_VALUE} if there is none.
     *
     * @param idle when what ends with the session's idling ends
     */
    static long lastEnd(@Nullable Lifetime part, long idle) {
        return part == null ? Long.MIN_VALUE : Math.max(part.end == IDLE ? idle : part.end, lastEnd(part.older, idle));
    }

    @SuppressWarnings("ReferenceEquality") // Equal ones may be used for each other, too.
    private Lifetime with(@Nullable Lifetime other) {
        return other == older ? this : new Lifetime(set, end, other);
    }
}
