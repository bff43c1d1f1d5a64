package dev.interlock.policy.cli.state;

import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Rule;
import dev.interlock.policy.limit.LimitKey;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the limit of a policy under whose key something is counted. */
final class PolicyLimits {

    private final Policy policy;

    PolicyLimits(Policy policy) {
        this.policy = policy;
    }

    /**
     * A limit of the policy.
     *
     * @param rule what a denial calls it: the rule's name, or that of the counter
     */
    record NamedLimit(Limit limit, String rule) {}

    /** The limit that counts under this key; empty if the policy has no such limit any more. */
    Optional<NamedLimit> find(LimitKey key) {
        Apart apart = Apart.of(key.limit());
        Optional<NamedLimit> own = find("", policy.body(), null, key, apart);
        return own.isPresent()
                ? own
                : policy.grants().stream()
                        .flatMap(grants -> grants.entrySet().stream())
                        .flatMap(grant ->
                                find(EntrySelection.grantPrefix(grant.getKey()), grant.getValue(), null, key, apart)
                                        .stream())
                        .findFirst();
    }

    private static Optional<NamedLimit> find(
            String prefix, PolicyBody body, @Nullable String server, LimitKey key, Apart apart) {
        for (Selected selected : new EntrySelection(body).all()) {
            Optional<NamedLimit> found = find(prefix, selected, server, key, apart);
            if (found.isPresent()) {
                return found;
            }
        }
        return body.servers().stream()
                .flatMap(servers -> servers.entrySet().stream())
                .flatMap(each -> find(
                        EntrySelection.serverPrefix(prefix, each.getKey()), each.getValue(), apart.server(), key, apart)
                        .stream())
                .findFirst();
    }

    private static Optional<NamedLimit> find(
            String prefix, Selected selected, @Nullable String server, LimitKey key, Apart apart) {
        int index = 0;
        for (Rule rule : selected.entry().rules()) {
            for (Limit limit : rule.demands().limits()) {
                if (limit.perCall() == null
                        && is(key, selected, prefix, selected.localName(limit, rule, index), server, apart, limit)) {
                    return Optional.of(new NamedLimit(limit, rule.label()));
                }
            }
            index++;
        }
        return selected.entry().limits().stream()
                .filter(limit -> is(key, selected, prefix, Selected.counterName(limit.label()), server, apart, limit))
                .map(limit -> new NamedLimit(limit, limit.label()))
                .findFirst();
    }

    private static boolean is(
            LimitKey key,
            Selected selected,
            String prefix,
            String local,
            @Nullable String server,
            Apart apart,
            Limit limit) {
        return selected.limitName(prefix, local, server, apart.tool(), limit).equals(key.limit());
    }

    /**
     * What a name says is counted apart.
     *
     * @param server the server; null if none is named
     * @param tool the tool; empty if none is named
     */
    private record Apart(@Nullable String server, String tool) {

        static Apart of(String name) {
            int local = name.indexOf('#');
            int at = name.indexOf('@', local < 0 ? 0 : local);
            if (at < 0) {
                return new Apart("", "");
            }
            int end = name.indexOf('/', at);
            String said = name.substring(at + 1, end < 0 ? name.length() : end);
            int between = said.indexOf('@');
            return between < 0
                    ? new Apart("", decoded(said))
                    : new Apart(decoded(said.substring(0, between)), decoded(said.substring(between + 1)));
        }

        /** A name may have a plus, which stands for itself. */
        private static String decoded(String text) {
            try {
                return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                return text;
            }
        }
    }
}
