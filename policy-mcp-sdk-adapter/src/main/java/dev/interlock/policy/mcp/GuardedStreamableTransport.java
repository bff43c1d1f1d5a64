package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The transport that the server's own session writes to: either for one request, whose response is kept for the guard,
 * or for everything that the server sends unasked.
 *
 * @param response where the response is kept; null if this doesn't belong to a request. With a response, closing does
 *     nothing: the response is still to be sent, and its sender closes the connection
 */
record GuardedStreamableTransport(
        McpStreamableServerTransport transport,
        ServerGuard guard,
        @Nullable CapturedResponse response) implements McpStreamableServerTransport {

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.defer(
                () -> isKept(message) ? Mono.empty() : guard.outgoing(message).flatMap(transport::sendMessage));
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message, String messageId) {
        return Mono.defer(() -> isKept(message)
                ? Mono.empty()
                : guard.outgoing(message).flatMap(passed -> transport.sendMessage(passed, messageId)));
    }

    private boolean isKept(JSONRPCMessage message) {
        return response != null && response.keep(message);
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
        return response == null ? transport.closeGracefully() : Mono.empty();
    }

    @Override
    public void close() {
        if (response == null) {
            transport.close();
        }
    }
}
