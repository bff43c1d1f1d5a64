package dev.interlock.policy.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import reactor.util.context.ContextView;

/**
 * Finds out who makes a call, from what the host has put beside it. Asked on the calling thread for every call and every
 * {@code tools/list}, so it must be quick and must not block; if it throws, the call is denied.
 *
 * <p>On a server, what a request says of its sender (a header, a parameter, {@code clientInfo}) is worth no more than the
 * check that it has been through. Take an identity only from what the host has verified, such as a validated token.
 */
@FunctionalInterface
public interface CallContextResolver {

    /** Knows nothing of any call. */
    CallContextResolver NONE = (transport, reactor) -> CallContext.EMPTY;

    /**
     * Under this key of the Reactor context a server finds the id of the MCP session, a {@code String}, if there is one:
     * stateless servers have none. Whoever has the id is taken for the session, and a client gets a new one whenever it
     * likes. So a limit that counts by it limits only clients of good will; {@link EnforcementBuilder#session} says when
     * that is so.
     */
    String MCP_SESSION_ID = "dev.interlock/mcp-session-id";

    /**
     * Who makes this call.
     *
     * @param transport on a client, what its {@code transportContextProvider} gave, or what an asynchronous host wrote
     *     into the Reactor context under {@link McpTransportContext#KEY}; on a server, what the transport's {@code
     *     contextExtractor} took from the HTTP request. Empty if there is none, as always on stdio
     * @param reactor the Reactor context of the call
     */
    CallContext resolve(McpTransportContext transport, ContextView reactor);
}
