package dev.interlock.policy.mcp;

import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.common.McpTransportContext;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Tells who makes a call: what the host's resolver says, and if it says nothing, what the transport was wrapped with.
 *
 * @param session the agent session that the host has set for all callers; null if it hasn't
 * @param facts what the host has set for all callers as {@code ctx}
 * @param serving whether this is the server's side, where each client has an MCP session of its own
 */
record Callers(
        @Nullable String server,
        @Nullable String identity,
        @Nullable String session,
        ObjectValue facts,
        boolean serving,
        CallContextResolver resolver) {

    @Override
    public String toString() {
        return "callers";
    }

    /**
     * The caller when nothing is known about the call itself. If callers are distinguished, a caller without any known
     * property: what a condition reads of it is then not missing but not known.
     */
    ResolvedCaller unidentified() {
        return resolver.equals(CallContextResolver.NONE)
                ? caller(CallContext.EMPTY, null)
                : new ResolvedCaller(server, null, null, false, facts, false);
    }

    ResolvedCaller of(ContextView context) {
        McpTransportContext transport = context.getOrDefault(McpTransportContext.KEY, McpTransportContext.EMPTY);
        // On a client, this would be the session of a server in whose request the call is made.
        String connection = serving ? context.getOrDefault(CallContextResolver.MCP_SESSION_ID, null) : null;
        return caller(resolver.resolve(transport == null ? McpTransportContext.EMPTY : transport, context), connection);
    }

    private ResolvedCaller caller(CallContext known, @Nullable String connection) {
        String who = known.identity() == null ? identity : known.identity();
        String where = known.session() == null ? session : known.session();
        boolean connectionOnly = where == null && who == null && connection != null;
        return new ResolvedCaller(
                server, who, connectionOnly ? connection : where, connectionOnly, with(known.facts()), true);
    }

    private ObjectValue with(ObjectValue known) {
        if (known.size() == 0) {
            return facts;
        }
        if (facts.size() == 0) {
            return known;
        }
        Map<String, Value> all = new LinkedHashMap<>(facts.members());
        all.putAll(known.members());
        return ObjectValue.of(all);
    }

    /**
     * One caller. If the session is null, {@link ToolCall#session} says which session applies.
     *
     * @param connectionOnly whether the session ends with the connection, so that no marks are put on it
     * @param known whether it is known which caller it is
     */
    record ResolvedCaller(
            @Nullable String server,
            @Nullable String identity,
            @Nullable String session,
            boolean connectionOnly,
            ObjectValue facts,
            boolean known) {

        ToolCall signs(ToolCall call) {
            ToolCall placed = call.by(identity).on(server).with(facts);
            return connectionOnly ? placed.inConnection(session) : placed.in(session);
        }

        MethodCall signs(MethodCall request) {
            MethodCall placed = request.by(identity).on(server).with(facts);
            MethodCall signed = connectionOnly ? placed.inConnection(session) : placed.in(session);
            return known ? signed : signed.byUnknownCaller();
        }

        @Override
        public String toString() {
            return "a caller";
        }
    }
}
