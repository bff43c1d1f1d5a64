package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;

/** A client's connection that awaits a response, listed among the open ones until it is closed. */
final class OpenConnection implements McpStreamableServerTransport {

    private final McpStreamableServerTransport transport;
    private final Set<OpenConnection> open;

    OpenConnection(McpStreamableServerTransport transport, Set<OpenConnection> open) {
        this.transport = transport;
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
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return transport.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(() -> {
            open.remove(this);
            return transport.closeGracefully();
        });
    }

    @Override
    public void close() {
        open.remove(this);
        transport.close();
    }
}
