package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import java.util.HashMap;
import java.util.Map;

/**
 * The room in a table of calls. Each caller may take up a quarter of it, so that one who fills it leaves room to the
 * others. Not thread-safe: the table's lock guards it.
 */
final class CallerShares {

    private static final int PARTS = 4;

    private final long places;
    private final long bytes;
    private final Taken all = new Taken();
    private final Map<String, Taken> byCaller = new HashMap<>();

    private static final class Taken {
        private long places;
        private long bytes;

        boolean fits(long size, long mostPlaces, long mostBytes) {
            return places < mostPlaces && size <= mostBytes - bytes;
        }

        void add(long count, long size) {
            places += count;
            bytes += size;
        }
    }

    /**
     * @param places how many calls there is room for
     * @param bytes how many bytes they may take up together
     */
    CallerShares(long places, long bytes) {
        this.places = places;
        this.bytes = bytes;
    }

    /** Who makes a call: its identity, or its session if that is not known. */
    static String caller(ToolCall call) {
        String identity = call.identity();
        return identity == null ? call.session() : identity;
    }

    /**
     * Takes a place.
     *
     * @param size what the call takes up, in bytes
     * @return false if there is no room for it
     */
    boolean take(String caller, long size) {
        Taken own = byCaller.getOrDefault(caller, new Taken());
        if (!all.fits(size, places, bytes) || !own.fits(size, Math.max(1, places / PARTS), bytes / PARTS)) {
            return false;
        }
        byCaller.put(caller, own);
        all.add(1, size);
        own.add(1, size);
        return true;
    }

    /** Gives a place back that was taken. */
    void giveBack(String caller, long size) {
        all.add(-1, -size);
        Taken own = byCaller.get(caller);
        if (own != null) {
            own.add(-1, -size);
            if (own.places == 0) {
                byCaller.remove(caller);
            }
        }
    }

    /** Gives all places back. */
    void clear() {
        all.add(-all.places, -all.bytes);
        byCaller.clear();
    }
}
