package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import java.util.Set;
import reactor.core.publisher.Mono;

/** A client's connection that awaits a response, listed among the open ones until it is closed. */
final class OpenConnection extends ForwardingTransport<McpStreamableServerTransport>
        implements McpStreamableServerTransport {

    private final Set<OpenConnection> open;

    OpenConnection(McpStreamableServerTransport transport, Set<OpenConnection> open) {
        super(transport);
        this.open = open;
        open.add(this);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return transport.sendMessage(message);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message, String messageId) {
        return transport.sendMessage(message, messageId);
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(() -> {
            open.remove(this);
            return super.closeGracefully();
        });
    }

    @Override
    public void close() {
        open.remove(this);
        super.close();
    }
}
