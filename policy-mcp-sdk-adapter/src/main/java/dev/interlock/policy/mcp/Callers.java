package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/** Tells who calls: what the host's resolver says, and where it says nothing, what the transport was wrapped with. */
record Callers(@Nullable String server, @Nullable String identity, String session, CallContextResolver resolver) {

    /** Whoever calls when nothing is known of the call itself. */
    Caller fixed() {
        return new Caller(server, identity, session, ObjectValue.EMPTY);
    }

    Caller of(ContextView context) {
        McpTransportContext transport = context.getOrDefault(McpTransportContext.KEY, McpTransportContext.EMPTY);
        CallContext known = resolver.resolve(transport == null ? McpTransportContext.EMPTY : transport, context);
        return new Caller(
                server,
                known.identity() == null ? identity : known.identity(),
                known.session() == null ? session : known.session(),
                known.facts());
    }

    /** One caller. */
    record Caller(@Nullable String server, @Nullable String identity, String session, ObjectValue facts) {

        ToolCall signs(ToolCall call) {
            return call.by(identity).in(session).on(server).with(facts);
        }
    }
}
