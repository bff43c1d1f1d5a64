package dev.interlock.policy.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import reactor.util.context.ContextView;

/**
 * Finds out who makes a call, from the context that the host has attached to it. Called on the calling thread for every
 * call and every other request or notification of the client's, so it must be quick and must not block. If it throws,
 * a call is denied; of another request it is then not known who makes it, and conditions on that are invalid.
 *
 * <p>On a server, what a request claims about its sender (a header, a parameter, {@code clientInfo}) is only as
 * trustworthy as the check it went through. Take an identity only from data that the host has verified, such as a
 * validated token.
 */
@FunctionalInterface
public interface CallContextResolver {

    /** A resolver that knows nothing about any call. */
    CallContextResolver NONE = (transport, reactor) -> CallContext.EMPTY;

    /**
     * The key in the Reactor context under which a server finds the id of the MCP session, a {@code String}, if there
     * is one: stateless servers have none. Any caller that has the id is taken for the session, and a client can get a
     * new id whenever it likes. So a limit that counts by this id only limits well-behaved clients. {@link
     * EnforcementBuilder#session} says when limits count by it.
     */
    String MCP_SESSION_ID = "dev.interlock/mcp-session-id";

    /**
     * Returns who makes this call.
     *
     * @param transport on a client, the context that its {@code transportContextProvider} returned, or that an
     *     asynchronous host wrote into the Reactor context under {@link McpTransportContext#KEY}; on a server, the
     *     context that the transport's {@code contextExtractor} took from the HTTP request. Empty if there is none, as
     *     always on stdio
     * @param reactor the Reactor context of the call
     */
    CallContext resolve(McpTransportContext transport, ContextView reactor);
}
