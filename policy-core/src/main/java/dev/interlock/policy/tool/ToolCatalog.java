package dev.interlock.policy.tool;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tools that servers have announced, with their ratings. Each connection to a server has
 * {@linkplain #open a separate part} with separate bounds. What one server announces takes no room from another, and is
 * forgotten when the connection ends. Calls that come through a connection are judged by its part alone. Safe for any
 * number of threads.
 */
public final class ToolCatalog {

    /** How many pairs of servers with a tool of the same name are remembered, so that each is reported once. */
    private static final int MAX_TOLD = 10_000;

    private static final AtomicInteger NEVER = new AtomicInteger();

    private final ToolClassifier classifier;
    private final Map<String, ToolRating> overrides;
    private final Consumer<Shadowing> shadowed;

    /** By the server's name. Only one thread at a time changes it. */
    private final Map<String, Shelf> servers = new ConcurrentHashMap<>();

    private final Map<String, AnnouncedTools> hosts = new ConcurrentHashMap<>();
    private final Set<Shadowing> told = ConcurrentHashMap.newKeySet();

    /**
     * The open parts of one server. A part that is no longer referenced, because its connection was dropped and not
     * closed, is forgotten too.
     *
     * @param parts the connections' parts, the most recently updated first
     * @param list the last complete list that one of them has received
     */
    private record Shelf(List<WeakReference<AnnouncedTools>> parts, Map<String, AnnouncedTools.SizedTool> list) {

        static final Shelf EMPTY = new Shelf(List.of(), Map.of());

        @Nullable
        KnownTool find(String tool) {
            for (int i = 0; i < parts.size(); i++) {
                AnnouncedTools part = parts.get(i).get();
                KnownTool known = part == null ? null : part.latest(tool);
                if (known != null) {
                    return known;
                }
            }
            return null;
        }

        boolean begins(AnnouncedTools part) {
            return !parts.isEmpty() && parts.get(0).refersTo(part);
        }

        /** The parts without one of them. */
        List<WeakReference<AnnouncedTools>> without(AnnouncedTools part) {
            List<WeakReference<AnnouncedTools>> others = new ArrayList<>(parts.size() + 1);
            for (WeakReference<AnnouncedTools> other : parts) {
                if (!other.refersTo(null) && !other.refersTo(part)) {
                    others.add(other);
                }
            }
            return others;
        }
    }

    /**
     * A tool and its rating. Two of them are equal only if they are the same object: a definition that is announced
     * again is checked again.
     */
    public static final class KnownTool {

        private final ToolDefinition definition;
        private final ToolRating rating;
        private final List<String> required;
        private final Set<String> properties;
        private volatile @Nullable String digest;

        KnownTool(ToolDefinition definition, ToolRating rating) {
            this.definition = definition;
            this.rating = rating;
            this.required = definition.requiredArguments();
            this.properties = definition.knownArguments();
        }

        /** Returns what its server says about it. */
        public ToolDefinition definition() {
            return definition;
        }

        /** Returns its rating. */
        public ToolRating rating() {
            return rating;
        }

        /** Returns the definition's {@linkplain ToolDefinition#requiredArguments required arguments}. */
        public List<String> required() {
            return required;
        }

        /** Returns the definition's {@linkplain ToolDefinition#knownArguments known arguments}. */
        public Set<String> properties() {
            return properties;
        }

        /** The digest of the definition, which must be whole. Computed on first use. */
        String digest() {
            String known = digest;
            if (known == null) {
                known = Digests.whole(definition);
                digest = known;
            }
            return known;
        }

        @Override
        public String toString() {
            return "a tool";
        }
    }

    /**
     * Two servers that offer a tool of the same name.
     *
     * @param tool the name
     * @param server the server that has just announced it; empty if the host gave it no name
     * @param other the server that had announced it before; empty if the host gave it no name
     */
    public record Shadowing(String tool, String server, String other) {

        private Shadowing reversed() {
            return new Shadowing(tool, /* server= */ other, /* other= */ server);
        }
    }

    /**
     * Creates an empty catalogue.
     *
     * @param classifier rates the tools
     * @param overrides ratings that the host sets itself, by tool name; the classifier isn't asked about these
     * @param shadowed is notified, once, of each tool that two servers offer
     */
    public ToolCatalog(ToolClassifier classifier, Map<String, ToolRating> overrides, Consumer<Shadowing> shadowed) {
        this.classifier = classifier;
        this.overrides = Map.copyOf(overrides);
        this.shadowed = shadowed;
    }

    /**
     * Opens a part for what one connection's server announces. It must be {@linkplain AnnouncedTools#close closed} with
     * the connection.
     *
     * @param server the server's name; null if the host gave it none, and then it can't be distinguished from other
     *     servers without a name
     * @param changes how often the server has said that its tools have changed; read, and never written
     */
    public synchronized AnnouncedTools open(@Nullable String server, AtomicInteger changes) {
        AnnouncedTools part = new AnnouncedTools(this, server == null ? "" : server, changes);
        Shelf shelf = servers.getOrDefault(part.server(), Shelf.EMPTY);
        List<WeakReference<AnnouncedTools>> parts = shelf.without(part);
        parts.add(part.reference());
        servers.put(part.server(), new Shelf(parts, shelf.list()));
        return part;
    }

    /**
     * Adds what the host itself knows of a server's tools without a connection, for calls that come through no
     * connection. Replaces tools that were known; forgets nothing.
     *
     * @param server the server's name; null if the host gave it none, and then it can't be distinguished from other
     *     servers without a name
     */
    public void learn(@Nullable String server, List<ToolDefinition> definitions) {
        AnnouncedTools part;
        synchronized (this) {
            part = hosts.computeIfAbsent(server == null ? "" : server, name -> open(name, NEVER));
        }
        part.listing("").page(definitions, null);
    }

    /**
     * Returns what is known of a tool, or null if its server hasn't announced it. If several connections to the server
     * are open, this is what was announced last.
     */
    public @Nullable KnownTool find(@Nullable String server, String tool) {
        Shelf shelf = servers.get(server == null ? "" : server);
        return shelf == null ? null : shelf.find(tool);
    }

    /**
     * Returns how a tool is rated: from its definition if its server has announced it, otherwise from its name alone.
     */
    public ToolRating rating(@Nullable String server, String tool) {
        KnownTool known = find(server, tool);
        return known == null ? ratingByName(tool) : known.rating();
    }

    /** Returns how a tool is rated if only its name is known. */
    public ToolRating ratingByName(String tool) {
        return rate(ToolDefinition.named(tool));
    }

    /**
     * Returns whether the host has rated tools with that name by hand, so that no definition is needed to rate them.
     */
    public boolean isRatedByHand(String tool) {
        return overrides.containsKey(tool);
    }

    /**
     * A definition with its rating; the same object as before if its server has recently announced an equal definition.
     */
    KnownTool known(AnnouncedTools part, ToolDefinition definition) {
        KnownTool latest = part.latest(definition.name());
        if (latest == null || !latest.definition().equals(definition)) {
            latest = find(part.server(), definition.name());
        }
        return latest != null && latest.definition().equals(definition)
                ? latest
                : new KnownTool(definition, rate(definition));
    }

    private ToolRating rate(ToolDefinition definition) {
        ToolRating override = overrides.get(definition.name());
        return override == null ? classifier.rate(definition) : override;
    }

    /** Moves a part that has received something to the front, so that it is searched first. */
    synchronized void learnt(AnnouncedTools part) {
        Shelf shelf = servers.get(part.server());
        if (shelf != null && !shelf.begins(part) && shelf.parts().contains(part.reference())) {
            List<WeakReference<AnnouncedTools>> parts = shelf.without(part);
            parts.add(0, part.reference());
            servers.put(part.server(), new Shelf(parts, shelf.list()));
        }
    }

    /** A complete list, replaced by an equal one that another connection has received if there is one. */
    synchronized Map<String, AnnouncedTools.SizedTool> shared(
            String server, Map<String, AnnouncedTools.SizedTool> list) {
        Shelf shelf = servers.get(server);
        if (shelf == null || shelf.list().equals(list)) {
            return shelf == null ? list : shelf.list();
        }
        servers.put(server, new Shelf(shelf.parts(), list));
        return list;
    }

    synchronized void forget(AnnouncedTools part) {
        Shelf shelf = servers.get(part.server());
        if (shelf == null) {
            return;
        }
        List<WeakReference<AnnouncedTools>> others = shelf.without(part);
        if (others.isEmpty()) {
            servers.remove(part.server());
        } else {
            servers.put(part.server(), new Shelf(others, Map.of()));
        }
    }

    /** Reports each other server that offers a tool of the same name. */
    void compare(String server, String tool) {
        servers.forEach((other, shelf) -> {
            if (!other.equals(server) && shelf.find(tool) != null) {
                tell(new Shadowing(tool, server, other));
            }
        });
    }

    private void tell(Shadowing shadowing) {
        boolean known = told.contains(shadowing) || told.contains(shadowing.reversed());
        if (!known) {
            if (told.size() < MAX_TOLD) {
                told.add(shadowing);
            }
            shadowed.accept(shadowing);
        }
    }
}
