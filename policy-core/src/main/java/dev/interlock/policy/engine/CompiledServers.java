package dev.interlock.policy.engine;

import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.Place;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bodies of servers that stand in one body, and which of them applies to a call. */
final class CompiledServers {

    private static final int LONGEST = 1_000;

    private final Map<NamePattern, CompiledBody> bodies = new LinkedHashMap<>();
    private final Place place;
    private final NameCache<String, Match> matches = new NameCache<>();

    /**
     * What the bodies say of a server.
     *
     * @param body the body that applies to its tools, for this server; null if none does
     * @param exact whether the body has exactly the server's name as its key
     * @param unknown whether the name only looks like a server's name
     */
    record Match(@Nullable CompiledBody body, boolean exact, boolean unknown) {

        /** If no body distinguishes servers. */
        static final Match NONE = new Match(null, false, false);

        static final Match UNKNOWN = new Match(null, false, true);
    }

    private CompiledServers(String prefix, Map<NamePattern, PolicyBody> servers) {
        this.place = Place.of(prefix + "servers");
        servers.forEach((pattern, body) -> bodies.put(
                pattern,
                new CompiledBody(EntrySelection.serverPrefix(prefix, pattern), new EntrySelection(body), null)));
    }

    /** Those in a body; null if the body doesn't distinguish servers. */
    static @Nullable CompiledServers of(CompiledBody outer) {
        return outer.body()
                .servers()
                .map(servers -> new CompiledServers(outer.prefix(), servers))
                .orElse(null);
    }

    /** Where they stand. */
    Place place() {
        return place;
    }

    /** Whether each of them is this server's. */
    boolean namesOnly(@Nullable String server) {
        return server != null
                && bodies.keySet().stream()
                        .allMatch(key -> key.isExact() && key.text().equals(server));
    }

    List<CompiledBody> bodies() {
        return new ArrayList<>(bodies.values());
    }

    /** Which body applies to the tools of a server. */
    Match match(@Nullable String server) {
        if (server == null) {
            return Match.UNKNOWN;
        }
        Match known = matches.get(server);
        if (known == null) {
            known = find(server);
            matches.put(server, known);
        }
        return known;
    }

    private Match find(String server) {
        if (server.isBlank()
                || server.length() > LONGEST
                || !server.equals(server.strip())
                || VisibleText.hasInvisible(server)) {
            return Match.UNKNOWN;
        }
        NamePattern literal = new NamePattern(server);
        CompiledBody exact = literal.isExact() ? bodies.get(literal) : null;
        if (exact != null) {
            return new Match(exact.on(server), true, false);
        }
        for (Map.Entry<NamePattern, CompiledBody> body : bodies.entrySet()) {
            if (body.getKey().isExact() && isDisguised(server, body.getKey().text())) {
                return Match.UNKNOWN;
            }
        }
        for (Map.Entry<NamePattern, CompiledBody> body : bodies.entrySet()) {
            if (!body.getKey().isExact() && body.getKey().matches(server)) {
                return new Match(body.getValue().on(server), false, false);
            }
        }
        boolean disguised = bodies.keySet().stream()
                .anyMatch(key -> !key.isExact()
                        && LookAlikes.passesFor(server, key)
                        && !new NamePattern(folded(key.text())).matches(folded(server)));
        return disguised ? Match.UNKNOWN : Match.NONE;
    }

    /**
     * Whether a name looks like another and differs in more than case. Hosts name their servers themselves, and may
     * well have two whose names differ only in case.
     */
    private static boolean isDisguised(String name, String key) {
        return !folded(name).equals(folded(key)) && Skeleton.of(name).equals(Skeleton.of(key));
    }

    private static String folded(String name) {
        return name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    /** Whether a name that an argument gives looks like a key, or like what a key matches, and is not. */
    boolean isLookAlike(String server) {
        return match(server).unknown
                || bodies.keySet().stream()
                        .anyMatch(key -> !key.matches(server)
                                && (key.isExact()
                                        ? Skeleton.of(server).equals(Skeleton.of(key.text()))
                                        : LookAlikes.passesFor(server, key)));
    }
}
