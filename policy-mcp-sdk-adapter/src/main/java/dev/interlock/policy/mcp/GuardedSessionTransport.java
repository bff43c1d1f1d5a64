package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * The transport that the server's own session writes to. A response belongs to the request in whose Reactor context it
 * is sent. The context is reliable; ids aren't, since clients choose them.
 */
record GuardedSessionTransport(McpServerTransport transport, ServerGuard guard) implements McpServerTransport {

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.deferContextual(context -> {
            CapturedResponse response = context.getOrDefault(CapturedResponse.class, null);
            return response != null && response.keep(message)
                    ? Mono.empty()
                    : guard.outgoing(message).flatMap(transport::sendMessage);
        });
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return transport.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return transport.closeGracefully();
    }

    @Override
    public void close() {
        transport.close();
    }
}
