package dev.interlock.policy.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import reactor.util.context.ContextView;

/**
 * Finds out who makes a call, from what the host has put beside it. Asked on the calling thread for every call and every
 * {@code tools/list}, so it must be quick and must not block; if it throws, the call is denied.
 */
@FunctionalInterface
public interface CallContextResolver {

    /** Knows nothing of any call. */
    CallContextResolver NONE = (transport, reactor) -> CallContext.EMPTY;

    /**
     * Who makes this call.
     *
     * @param transport what the client's {@code transportContextProvider} gave, or what an asynchronous host wrote into
     *     the Reactor context under {@link McpTransportContext#KEY}; empty if there is none
     * @param reactor the Reactor context of the call
     */
    CallContext resolve(McpTransportContext transport, ContextView reactor);
}
