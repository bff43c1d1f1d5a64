package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.engine.CallFacts;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What policies read of every call that passes a proxy: the options that say so. */
final class CallerOptions {

    private static final Pattern KEY = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,99}");

    @Option(names = "--identity", paramLabel = "I", description = "On whose account calls are made.")
    private @Nullable String identity;

    @Option(
            names = "--session",
            paramLabel = "S",
            description = "The agent session to which calls belong: limits of scope session count by it. Proxies with"
                    + " the same one share these limits if they share a store. Default: the identity, or this proxy.")
    private @Nullable String session;

    @Option(names = "--server", paramLabel = "NAME", description = "What the policy calls the server.")
    private @Nullable String server;

    @Option(
            names = "--context",
            paramLabel = "KEY=VALUE",
            description = "What the policy reads as ctx.KEY, a text. May be given more than once.")
    private List<String> context = List.of();

    /** What {@link #context} says; null until it has been read. */
    private @Nullable Map<String, String> contextByKey;

    /**
     * What calls have, so that a policy that reads anything else is refused.
     *
     * @throws CliException if an option can't be read
     */
    CallFacts facts() {
        return new CallFacts(
                identity != null ? null : "a proxy knows no identity unless it is given with --identity",
                server != null ? null : "a proxy knows no name of its server unless it is given with --server",
                "a proxy has no ctx but what is given with --context KEY=VALUE",
                context().keySet());
    }

    private Map<String, String> context() {
        if (contextByKey == null) {
            contextByKey = readContext();
        }
        return contextByKey;
    }

    private Map<String, String> readContext() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String given : context) {
            int end = given.indexOf('=');
            String key = end < 0 ? "" : given.substring(0, end);
            if (!KEY.matcher(key).matches()) {
                // Not quoted: it may be a secret that was meant as a value.
                throw new CliException("--context must be KEY=VALUE, and the key must be a name such as tenant");
            }
            if (values.put(key, given.substring(end + 1)) != null) {
                throw new CliException("--context gives " + key + " twice");
            }
        }
        return values;
    }

    void apply(EnforcingClientTransport.Builder transport) {
        if (identity != null) {
            transport.identity(identity);
        }
        if (session != null) {
            transport.session(session);
        }
        if (server != null) {
            transport.server(server);
        }
        transport.context(context());
    }

    /** What the policy calls the server; null if it isn't said. */
    @Nullable
    String server() {
        return server;
    }
}
