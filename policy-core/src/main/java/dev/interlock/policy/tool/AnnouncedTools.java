package dev.interlock.policy.tool;

import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The tools that a server has announced over one connection, according to its lists. A list that is read to its end
 * replaces everything that was known before. A list that is cut off adds to it. After the server has said that its
 * tools have changed, no tool is known until a list that was requested after that has been read to its end.
 *
 * <p>It holds at most {@link #MAX_TOOLS} and {@link #MAX_BYTES} of one list. Beyond that a tool stays unknown, and
 * policies that decide by definitions deny it. Safe for any number of threads.
 */
public final class AnnouncedTools {

    /** How many tools of one list are known at most. */
    public static final int MAX_TOOLS = 10_000;

    /** How many bytes of memory the definitions of one list may take, estimated. */
    public static final long MAX_BYTES = 8L << 20;

    /** How many lists can be read at the same time and still be followed to their ends. */
    private static final int MAX_UNFINISHED = 2;

    private final ToolCatalog catalog;
    private final String server;
    private final AtomicInteger changes;

    /** The unfinished lists, by the cursor of their next page. Guarded by this. */
    private final Map<String, Listing> unfinished = new LinkedHashMap<>();

    private final WeakReference<AnnouncedTools> reference = new WeakReference<>(this);

    private volatile Known known;
    private boolean closed;

    /**
     * A tool and its size, or the fact that no tool with the name is known.
     *
     * @param tool null if the server's definition of the tool can't be held or contradicts itself
     */
    record SizedTool(@Nullable KnownTool tool, long bytes) {

        static final SizedTool NOTHING = new SizedTool(null, 0);
    }

    /**
     * Everything that is known at one time.
     *
     * @param list the last list that was read to its end
     * @param since what pages have announced since
     * @param changes how often the tools had changed when that list was requested
     */
    private record Known(Map<String, SizedTool> list, Room since, int changes) {

        @Nullable
        KnownTool find(String tool) {
            SizedTool held = since.tools.get(tool);
            if (held == null) {
                held = list.get(tool);
            }
            return held == null ? null : held.tool();
        }
    }

    /** Tools within the bounds. Read by any thread; written under the lock of the enclosing object. */
    private static final class Room {

        private final Map<String, SizedTool> tools = new ConcurrentHashMap<>();
        private long bytes;

        /** Adds a tool. If there is no room, marks its name as unknown. */
        void put(String name, SizedTool held) {
            SizedTool before = tools.get(name);
            long left = bytes - (before == null ? 0 : before.bytes());
            boolean fits = left + held.bytes() <= MAX_BYTES && (before != null || tools.size() < MAX_TOOLS);
            SizedTool kept = fits ? held : SizedTool.NOTHING;
            bytes = left + kept.bytes();
            if (fits || before != null) {
                tools.put(name, kept);
            }
        }

        void put(String name, SizedTool held, Map<String, SizedTool> older) {
            put(name, held);
            if (!tools.containsKey(name) && older.containsKey(name)) {
                // The old definition is no longer what the server says. There are no more of these entries than tools
                // in a list.
                tools.put(name, SizedTool.NOTHING);
            }
        }
    }

    /**
     * A tool on a page.
     *
     * @param definition the definition on the page
     * @param known the same definition with its rating, if calls to the tool are decided by it; null if the tool is not
     *     known
     */
    public record Announced(
            ToolDefinition definition, @Nullable KnownTool known) {}

    /** A list that is being read, page by page. */
    public final class Listing {

        private final boolean fromStart;
        private final int seen;
        private final Room pages = new Room();

        private Listing(boolean fromStart, int seen) {
            this.fromStart = fromStart;
            this.seen = seen;
        }

        /** Returns everything that its server has announced. */
        public AnnouncedTools tools() {
            return AnnouncedTools.this;
        }

        /**
         * Processes a page. If a page has several tools with the same name, the last one counts, and the others must
         * not be shown. If a later page defines a name differently than an earlier page, the tool is unknown, because
         * it is unclear which definition applies. If it repeats the same definition, the tool is shown once.
         *
         * @param definitions the tools on the page; null for one that can't be read
         * @param nextCursor the cursor to request the next page with; null if this is the last page
         * @return the same tools in the same order; null for one that must not be shown
         */
        public List<@Nullable Announced> page(
                List<? extends @Nullable ToolDefinition> definitions, @Nullable String nextCursor) {
            return learn(this, definitions, nextCursor);
        }
    }

    AnnouncedTools(ToolCatalog catalog, String server, AtomicInteger changes) {
        this.catalog = catalog;
        this.server = server;
        this.changes = changes;
        this.known = new Known(Map.of(), new Room(), changes.get());
    }

    String server() {
        return server;
    }

    /** The catalogue's reference to this object. Weak, so that the object can be forgotten together with its owner. */
    WeakReference<AnnouncedTools> reference() {
        return reference;
    }

    /** Returns the known tool; null if the server has not announced it, or has changed its tools since. */
    public @Nullable KnownTool find(String tool) {
        Known now = known;
        return now.changes() == changes.get() ? now.find(tool) : null;
    }

    /** The same, even if the tools may have changed since. */
    @Nullable
    KnownTool latest(String tool) {
        return known.find(tool);
    }

    /**
     * Starts a list that is about to be requested.
     *
     * @param cursor the cursor that it is requested with; null for the first page
     */
    public synchronized Listing listing(@Nullable String cursor) {
        Listing known = cursor == null ? null : unfinished.remove(cursor);
        return known == null ? new Listing(cursor == null, changes.get()) : known;
    }

    /** Ends the connection. After this, no tool is known. */
    public void close() {
        synchronized (this) {
            closed = true;
            known = new Known(Map.of(), new Room(), changes.get());
            unfinished.clear();
        }
        catalog.forget(this);
    }

    private List<@Nullable Announced> learn(
            Listing listing, List<? extends @Nullable ToolDefinition> definitions, @Nullable String nextCursor) {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < definitions.size(); i++) {
            ToolDefinition definition = definitions.get(i);
            if (definition != null) {
                last.put(definition.name(), i);
            }
        }
        // Rated before anything is locked, because a rating takes time, and only as many as can be held.
        Room rated = new Room();
        List<String> added = new ArrayList<>();
        for (int i = 0; i < definitions.size(); i++) {
            ToolDefinition definition = definitions.get(i);
            if (definition != null && last.getOrDefault(definition.name(), -1) == i && rated.tools.size() < MAX_TOOLS) {
                long bytes = Weight.of(definition);
                if (bytes <= MAX_BYTES - rated.bytes) {
                    rated.put(definition.name(), new SizedTool(catalog.known(this, definition), bytes));
                }
                if (catalog.find(server, definition.name()) == null) {
                    added.add(definition.name());
                }
            }
        }
        List<@Nullable Announced> announced = new ArrayList<>(definitions.size());
        synchronized (this) {
            boolean[] shown = take(listing, definitions, last, rated, nextCursor);
            for (int i = 0; i < shown.length; i++) {
                ToolDefinition definition = definitions.get(i);
                announced.add(definition == null || !shown[i] ? null : announced(definition, rated));
            }
        }
        catalog.learnt(this);
        for (String name : added) {
            if (latest(name) != null) {
                catalog.compare(server, name);
            }
        }
        return announced;
    }

    @SuppressWarnings("ReferenceEquality") // Two equal definitions are still two.
    private Announced announced(ToolDefinition definition, Room rated) {
        SizedTool held = rated.tools.get(definition.name());
        KnownTool tool = held == null ? null : held.tool();
        return new Announced(definition, tool != null && latest(definition.name()) == tool ? tool : null);
    }

    /** Adds a page. Returns which of its tools may be shown at all. */
    private boolean[] take(
            Listing listing,
            List<? extends @Nullable ToolDefinition> definitions,
            Map<String, Integer> last,
            Room rated,
            @Nullable String nextCursor) {
        boolean[] shown = new boolean[definitions.size()];
        if (closed) {
            return shown;
        }
        boolean ends = listing.fromStart && nextCursor == null;
        Known now = known;
        for (int i = 0; i < shown.length; i++) {
            ToolDefinition definition = definitions.get(i);
            if (definition == null || last.getOrDefault(definition.name(), -1) != i) {
                continue;
            }
            String name = definition.name();
            SizedTool held = rated.tools.getOrDefault(name, SizedTool.NOTHING);
            SizedTool before = listing.pages.tools.get(name);
            if (before != null) {
                if (before.tool() != null && before.tool().definition().equals(definition)) {
                    continue;
                }
                held = SizedTool.NOTHING;
            } else {
                shown[i] = true;
            }
            listing.pages.put(name, held);
            if (!ends) {
                now.since().put(name, held, now.list());
            }
        }
        if (ends) {
            known = new Known(catalog.shared(server, Map.copyOf(listing.pages.tools)), new Room(), listing.seen);
        } else if (nextCursor != null && listing.fromStart) {
            unfinished.put(nextCursor, listing);
            if (unfinished.size() > MAX_UNFINISHED) {
                unfinished.remove(unfinished.keySet().iterator().next());
            }
        }
        return shown;
    }
}
