package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.MethodCall;
import dev.interlock.policy.engine.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Tells who calls: what the host's resolver says, and where it says nothing, what the transport was wrapped with.
 *
 * @param session the agent session of callers of whom no other is known
 * @param sessionByIdentity whether a caller of known identity has it for its session; a server that many call does that
 */
record Callers(
        @Nullable String server,
        @Nullable String identity,
        String session,
        boolean sessionByIdentity,
        CallContextResolver resolver) {

    @Override
    public String toString() {
        return "callers";
    }

    /** Whoever calls when nothing is known of the call itself. */
    Caller fixed() {
        return caller(CallContext.EMPTY);
    }

    Caller of(ContextView context) {
        McpTransportContext transport = context.getOrDefault(McpTransportContext.KEY, McpTransportContext.EMPTY);
        return caller(resolver.resolve(transport == null ? McpTransportContext.EMPTY : transport, context));
    }

    private Caller caller(CallContext known) {
        String who = known.identity() == null ? identity : known.identity();
        String where = known.session();
        if (where == null) {
            where = sessionByIdentity && who != null ? who : session;
        }
        return new Caller(server, who, where, known.facts());
    }

    /** One caller. */
    record Caller(@Nullable String server, @Nullable String identity, String session, ObjectValue facts) {

        ToolCall signs(ToolCall call) {
            return call.by(identity).in(session).on(server).with(facts);
        }

        MethodCall signs(MethodCall request) {
            return request.by(identity).in(session).on(server);
        }

        @Override
        public String toString() {
            return "a caller";
        }
    }
}
