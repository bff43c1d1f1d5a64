package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The transport that the server's own session writes to: either for one request, whose response is kept for the guard,
 * or for everything that the server sends unasked.
 */
final class GuardedStreamableTransport extends ForwardingTransport<McpStreamableServerTransport>
        implements McpStreamableServerTransport {

    private final ServerGuard guard;
    private final @Nullable CapturedResponse response;

    /**
     * @param response where the response is kept; null if this doesn't belong to a request. With a response, closing
     *     does nothing: the response is still to be sent, and its sender closes the connection
     */
    GuardedStreamableTransport(
            McpStreamableServerTransport transport, ServerGuard guard, @Nullable CapturedResponse response) {
        super(transport);
        this.guard = guard;
        this.response = response;
    }

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
    public Mono<Void> closeGracefully() {
        return response == null ? super.closeGracefully() : Mono.empty();
    }

    @Override
    public void close() {
        if (response == null) {
            super.close();
        }
    }
}
