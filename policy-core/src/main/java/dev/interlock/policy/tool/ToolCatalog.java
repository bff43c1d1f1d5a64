package dev.interlock.policy.tool;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tools that servers have announced, with their ratings. Filled by whoever sees a {@code tools/list} go by, read by
 * the engine at every call; safe for any number of threads.
 */
public final class ToolCatalog {

    /** How many tools are held at most. Past it a new tool stays unknown, and what needs its schema denies. */
    public static final int MAX_TOOLS = 100_000;

    private final ToolClassifier classifier;
    private final Map<String, ToolRating> overrides;
    private final Consumer<Shadowing> shadowed;
    private final Map<Key, KnownTool> tools = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> serversByTool = new ConcurrentHashMap<>();

    private record Key(String server, String tool) {}

    /**
     * A tool and how it is rated.
     *
     * @param definition what its server says of it
     * @param rating what we make of that
     * @param required the definition's {@linkplain ToolDefinition#requiredArguments required arguments}
     * @param properties the definition's {@linkplain ToolDefinition#knownArguments known arguments}
     */
    public record KnownTool(
            ToolDefinition definition, ToolRating rating, List<String> required, Set<String> properties) {

        KnownTool(ToolDefinition definition, ToolRating rating) {
            this(definition, rating, definition.requiredArguments(), definition.knownArguments());
        }
    }

    /**
     * Two servers that offer a tool of the same name.
     *
     * @param tool the name
     * @param server who has just announced it; empty if the host gave it no name
     * @param other who had announced it before; empty if the host gave it no name
     */
    public record Shadowing(String tool, String server, String other) {}

    /**
     * An empty catalogue.
     *
     * @param classifier rates the tools
     * @param overrides ratings that the host sets itself, by tool name; the classifier isn't asked about these
     * @param shadowed told, once, of each tool that two servers offer
     */
    public ToolCatalog(ToolClassifier classifier, Map<String, ToolRating> overrides, Consumer<Shadowing> shadowed) {
        this.classifier = classifier;
        this.overrides = Map.copyOf(overrides);
        this.shadowed = shadowed;
    }

    /**
     * Takes up what a server announced; a tool that was known is replaced.
     *
     * @param server the server's name; null if the host gave it none, and then it can't be told from others without
     */
    public void learn(@Nullable String server, List<ToolDefinition> definitions) {
        for (ToolDefinition definition : definitions) {
            Key key = new Key(server == null ? "" : server, definition.name());
            if (tools.size() < MAX_TOOLS || tools.containsKey(key)) {
                if (tools.put(key, new KnownTool(definition, rate(definition))) == null) {
                    compare(key);
                }
            }
        }
    }

    private void compare(Key added) {
        Set<String> servers = serversByTool.computeIfAbsent(added.tool(), tool -> ConcurrentHashMap.newKeySet());
        servers.add(added.server());
        for (String other : servers) {
            if (!other.equals(added.server())) {
                shadowed.accept(new Shadowing(added.tool(), added.server(), other));
            }
        }
    }

    /** What is known of a tool, or null if its server hasn't announced it. */
    public @Nullable KnownTool find(@Nullable String server, String tool) {
        return tools.get(new Key(server == null ? "" : server, tool));
    }

    /** How a tool is rated: from its definition if its server has announced it, else from its name alone. */
    public ToolRating rating(@Nullable String server, String tool) {
        KnownTool known = find(server, tool);
        return known == null ? rate(ToolDefinition.named(tool)) : known.rating();
    }

    private ToolRating rate(ToolDefinition definition) {
        ToolRating override = overrides.get(definition.name());
        return override == null ? classifier.rate(definition) : override;
    }
}
