package dev.interlock.policy.tool;

import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The definitions of tools that a person has accepted, as digests. With a lock in force, a tool whose definition
 * differs from the accepted one is hidden and denied. So a server can't secretly change what a tool says about itself.
 *
 * <p>Immutable. Pins are kept by server and tool; a server without a name has the empty name.
 */
public final class ToolLock {

    /** Accepts nothing: with it in force, every tool is denied. */
    public static final ToolLock EMPTY = new ToolLock(new TreeMap<>());

    private final Map<Key, Pin> pins;

    /**
     * A tool of a server.
     *
     * @param server the server's name; empty if it has none
     * @param tool the tool's name
     */
    public record Key(String server, String tool) implements Comparable<Key> {

        /** Returns the key of a tool; null is a server without a name. */
        public static Key of(@Nullable String server, String tool) {
            return new Key(server == null ? "" : server, tool);
        }

        @Override
        public int compareTo(Key other) {
            int servers = server.compareTo(other.server);
            return servers != 0 ? servers : tool.compareTo(other.tool);
        }
    }

    /**
     * An accepted definition.
     *
     * @param sha256 the digest of the whole definition, in hexadecimal; it alone decides
     * @param parts short digests of its parts by name, to tell which of them has changed
     */
    public record Pin(String sha256, Map<String, String> parts) {

        /** Copies the parts. Refuses text that is not a digest. */
        public Pin {
            if (!sha256.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException("a SHA-256 has 64 hexadecimal digits in lower case");
            }
            parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
        }

        /**
         * Pins a definition.
         *
         * @throws IllegalArgumentException if it is not {@linkplain ToolDefinition#whole whole}
         */
        public static Pin of(ToolDefinition definition) {
            return Digests.pin(definition);
        }
    }

    /** The state of a definition compared with a lock. */
    public enum Status {
        /** The definition is the accepted one. */
        ACCEPTED,
        /** Another definition was accepted. */
        CHANGED,
        /** No definition was accepted. */
        NEW,
        /** A part of the definition could not be read, so it can't be compared. */
        UNREADABLE,
        /** A definition was accepted, and the server doesn't offer the tool any more. */
        MISSING
    }

    /**
     * A difference between a lock and what a server offers.
     *
     * @param key the tool
     * @param status its state; never accepted
     * @param parts the parts that have changed, by name, if the status is changed
     */
    public record Difference(Key key, Status status, Set<String> parts) {

        /** Copies the names. */
        public Difference {
            parts = Collections.unmodifiableSet(new LinkedHashSet<>(parts));
        }
    }

    private ToolLock(Map<Key, Pin> pins) {
        this.pins = Collections.unmodifiableMap(pins);
    }

    /** Returns a lock with these pins. */
    public static ToolLock of(Map<Key, Pin> pins) {
        return new ToolLock(new TreeMap<>(pins));
    }

    /**
     * Returns the same lock with these definitions accepted.
     *
     * @throws IllegalArgumentException if one of them is not {@linkplain ToolDefinition#whole whole}
     */
    public ToolLock accepting(@Nullable String server, Collection<ToolDefinition> definitions) {
        Map<Key, Pin> more = new TreeMap<>(pins);
        definitions.forEach(definition -> more.put(Key.of(server, definition.name()), Pin.of(definition)));
        return new ToolLock(more);
    }

    /** Returns the same lock without these tools. */
    public ToolLock without(@Nullable String server, Collection<String> tools) {
        Map<Key, Pin> fewer = new TreeMap<>(pins);
        tools.forEach(tool -> fewer.remove(Key.of(server, tool)));
        return new ToolLock(fewer);
    }

    /** Returns the pins, by server and tool, in order. */
    public Map<Key, Pin> pins() {
        return pins;
    }

    /** Returns the state of a definition that a server offers. Takes time linear in the definition. */
    public Status status(@Nullable String server, ToolDefinition definition) {
        if (!definition.whole()) {
            return Status.UNREADABLE;
        }
        Pin pin = pins.get(Key.of(server, definition.name()));
        if (pin == null) {
            return Status.NEW;
        }
        return pin.sha256().equals(Digests.whole(definition)) ? Status.ACCEPTED : Status.CHANGED;
    }

    /**
     * Does the same for a tool from a catalogue. Its definition is digested only once, however often this is called.
     */
    public Status status(@Nullable String server, KnownTool tool) {
        if (!tool.definition().whole()) {
            return Status.UNREADABLE;
        }
        Pin pin = pins.get(Key.of(server, tool.definition().name()));
        if (pin == null) {
            return Status.NEW;
        }
        return pin.sha256().equals(tool.digest()) ? Status.ACCEPTED : Status.CHANGED;
    }

    /**
     * Returns the differences between the lock and everything that a server offers: first the tools that it offers, in
     * its order, then the tools that it no longer offers. A name that it offers twice with two definitions differs at
     * least once.
     */
    public List<Difference> diff(@Nullable String server, List<ToolDefinition> offered) {
        List<Difference> differences = new ArrayList<>();
        Set<Key> seen = new LinkedHashSet<>();
        for (ToolDefinition definition : offered) {
            Key key = Key.of(server, definition.name());
            seen.add(key);
            Status status = status(server, definition);
            if (status != Status.ACCEPTED) {
                Set<String> parts = status == Status.CHANGED ? changed(key, definition) : Set.of();
                differences.add(new Difference(key, status, parts));
            }
        }
        for (Key key : pins.keySet()) {
            if (key.server().equals(server == null ? "" : server) && !seen.contains(key)) {
                differences.add(new Difference(key, Status.MISSING, Set.of()));
            }
        }
        return differences;
    }

    private Set<String> changed(Key key, ToolDefinition definition) {
        Map<String, String> before = Objects.requireNonNull(pins.get(key)).parts();
        Map<String, String> after = Pin.of(definition).parts();
        Set<String> changed = new LinkedHashSet<>(after.keySet());
        changed.addAll(before.keySet());
        changed.removeIf(part -> Objects.equals(before.get(part), after.get(part)));
        return changed;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ToolLock lock && pins.equals(lock.pins);
    }

    @Override
    public int hashCode() {
        return pins.hashCode();
    }

    @Override
    public String toString() {
        return "lock of " + pins.size() + " tools";
    }
}
