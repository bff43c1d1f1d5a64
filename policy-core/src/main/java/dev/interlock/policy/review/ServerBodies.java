package dev.interlock.policy.review;

import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.text.NamePattern;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which body of {@code servers} applies to a server. */
final class ServerBodies {

    private ServerBodies() {}

    /** The body for the tools of a server; empty if there is none. */
    static Optional<PolicyBody> of(PolicyBody outer, @Nullable String server) {
        return key(outer, server).map(key -> outer.servers().orElseThrow().get(key));
    }

    /** The key of the body for the tools of a server; empty if there is none. */
    static Optional<NamePattern> key(PolicyBody outer, @Nullable String server) {
        if (server == null || server.isBlank() || outer.servers().isEmpty()) {
            return Optional.empty();
        }
        Map<NamePattern, PolicyBody> servers = outer.servers().get();
        NamePattern exact = new NamePattern(server);
        return exact.isExact() && servers.containsKey(exact)
                ? Optional.of(exact)
                : servers.keySet().stream()
                        .filter(key -> !key.isExact() && key.matches(server))
                        .findFirst();
    }
}
