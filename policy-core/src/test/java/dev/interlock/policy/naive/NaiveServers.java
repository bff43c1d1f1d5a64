package dev.interlock.policy.naive;

import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.text.NamePattern;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which body of {@code servers} applies. */
final class NaiveServers {

    /** Names that look like the generated ones without being them. */
    private static final List<String> LOOK_ALIKES = List.of("fil\u0435s", "\uff46iles");

    private NaiveServers() {}

    static boolean isUnknown(@Nullable String server, List<PolicyBody> bodies) {
        if (server == null || !server.strip().equals(server) || server.isEmpty()) {
            return true;
        }
        return LOOK_ALIKES.contains(server)
                && bodies.stream()
                        .flatMap(body -> body.servers().stream())
                        .map(Map::keySet)
                        .anyMatch(keys -> isDisguised(server, keys));
    }

    private static boolean isDisguised(String server, Set<NamePattern> keys) {
        return keys.contains(new NamePattern("files"))
                || (keys.stream().anyMatch(key -> NaivePattern.matches(key.text(), "files"))
                        && keys.stream().noneMatch(key -> NaivePattern.matches(key.text(), server)));
    }

    static @Nullable String key(PolicyBody body, @Nullable String server) {
        if (server == null || body.servers().isEmpty()) {
            return null;
        }
        Map<NamePattern, PolicyBody> servers = body.servers().get();
        if (servers.containsKey(new NamePattern(server))) {
            return server;
        }
        return servers.keySet().stream()
                .map(NamePattern::text)
                .filter(glob -> glob.contains("*") && NaivePattern.matches(glob, server))
                .findFirst()
                .orElse(null);
    }

    static @Nullable PolicyBody of(PolicyBody body, @Nullable String server) {
        String key = key(body, server);
        return key == null ? null : body.servers().orElseThrow().get(new NamePattern(key));
    }
}
