package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The part of a policy that says what may be called. The whole policy has one, and each grant has one; both may have
 * one for each server. Two bodies are equal only if their entries stand in the same order.
 *
 * @param posture what happens to a tool that no entry names
 * @param hide tools that are hidden and denied
 * @param tools entries by tool name or glob, in document order; without the glob {@code *}, which is {@code star}
 * @param categories entries by category
 * @param risks entries by risk, in document order
 * @param star the entry for every tool that stands under {@code "*"} in {@code tools}
 * @param allTools the entry for every tool that stands under {@code all_tools}; has the same meaning
 * @param servers bodies for the tools of one server, by the server's name or glob, in document order; empty if the body
 *     doesn't distinguish servers. They have no servers of their own.
 * @param during when a grant is in force; empty if always, and in every body that is not a grant's
 */
public record PolicyBody(
        Posture posture,
        List<NamePattern> hide,
        Map<NamePattern, Entry> tools,
        Map<ToolCategory, Entry> categories,
        Map<RiskSelector, Entry> risks,
        Optional<Entry> star,
        Optional<Entry> allTools,
        Optional<Map<NamePattern, PolicyBody>> servers,
        Optional<TimeWindow> during) {

    /** Creates a body that is always in force. */
    public PolicyBody(
            Posture posture,
            List<NamePattern> hide,
            Map<NamePattern, Entry> tools,
            Map<ToolCategory, Entry> categories,
            Map<RiskSelector, Entry> risks,
            Optional<Entry> star,
            Optional<Entry> allTools,
            Optional<Map<NamePattern, PolicyBody>> servers) {
        this(posture, hide, tools, categories, risks, star, allTools, servers, Optional.empty());
    }

    /** Creates a body that is always in force, and doesn't distinguish servers. */
    public PolicyBody(
            Posture posture,
            List<NamePattern> hide,
            Map<NamePattern, Entry> tools,
            Map<ToolCategory, Entry> categories,
            Map<RiskSelector, Entry> risks,
            Optional<Entry> star,
            Optional<Entry> allTools) {
        this(posture, hide, tools, categories, risks, star, allTools, Optional.empty());
    }

    /** Returns the same body, in force only within this window. */
    public PolicyBody during(TimeWindow window) {
        return new PolicyBody(posture, hide, tools, categories, risks, star, allTools, servers, Optional.of(window));
    }

    /** Returns a body that only says what happens to all tools. */
    public static PolicyBody of(Posture posture) {
        return new PolicyBody(posture, List.of(), Map.of(), Map.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    /** Copies everything, keeping order. */
    public PolicyBody {
        hide = List.copyOf(hide);
        tools = ordered(tools);
        categories = ordered(categories);
        risks = ordered(risks);
        servers = servers.map(PolicyBody::ordered);
        if (servers.stream().flatMap(bodies -> bodies.values().stream()).anyMatch(body -> body.servers.isPresent())) {
            throw new IllegalArgumentException("a server's body has no servers");
        }
        if (tools.containsKey(NamePattern.ANY)) {
            throw new IllegalArgumentException("the entry for '*' is the star");
        }
    }

    private static <K, V> Map<K, V> ordered(Map<K, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /** Returns the entry under exactly this name or glob, or null. */
    public @Nullable Entry tool(String nameOrGlob) {
        return tools.get(new NamePattern(nameOrGlob));
    }

    /**
     * Returns all entries, each once: those of tools, categories and risks in document order, then those for every
     * tool, then those of the servers.
     */
    public Stream<Entry> entries() {
        return Stream.of(
                        tools.values().stream(),
                        categories.values().stream(),
                        risks.values().stream(),
                        star.stream(),
                        allTools.stream(),
                        servers.stream()
                                .flatMap(bodies -> bodies.values().stream())
                                .flatMap(PolicyBody::entries))
                .flatMap(entries -> entries);
    }

    /** The entries of a map as a list. Unlike the equality of maps, the equality of lists considers the order. */
    static <K, V> List<Map.Entry<K, V>> inOrder(Map<K, V> map) {
        return List.copyOf(map.entrySet());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PolicyBody body
                && posture == body.posture
                && hide.equals(body.hide)
                && inOrder(tools).equals(inOrder(body.tools))
                && inOrder(categories).equals(inOrder(body.categories))
                && inOrder(risks).equals(inOrder(body.risks))
                && star.equals(body.star)
                && allTools.equals(body.allTools)
                && servers.map(PolicyBody::inOrder).equals(body.servers.map(PolicyBody::inOrder))
                && during.equals(body.during);
    }

    @Override
    public int hashCode() {
        return Objects.hash(posture, hide, tools, categories, risks, star, allTools, servers, during);
    }
}
