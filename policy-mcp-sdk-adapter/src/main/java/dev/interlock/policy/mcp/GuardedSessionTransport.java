package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerTransport;
import reactor.core.publisher.Mono;

/**
 * The transport that the server's own session writes to. A response belongs to the request in whose Reactor context it
 * is sent. The context is reliable; ids aren't, since clients choose them.
 */
final class GuardedSessionTransport extends ForwardingTransport<McpServerTransport> implements McpServerTransport {

    private final ServerGuard guard;

    GuardedSessionTransport(McpServerTransport transport, ServerGuard guard) {
        super(transport);
        this.guard = guard;
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.deferContextual(context -> {
            CapturedResponse response = context.getOrDefault(CapturedResponse.class, null);
            return response != null && response.keep(message)
                    ? Mono.empty()
                    : guard.outgoing(message).flatMap(transport::sendMessage);
        });
    }
}
