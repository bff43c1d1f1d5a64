package dev.interlock.policy.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.util.List;
import reactor.core.publisher.Mono;

/** A transport without sessions that guards the server's handler. */
record GuardedStatelessTransport(McpStatelessServerTransport transport, ServerGuard guard)
        implements McpStatelessServerTransport {

    @Override
    public void setMcpHandler(McpStatelessServerHandler handler) {
        transport.setMcpHandler(new Handler(handler, guard, guard.session(null, null)));
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(transport::closeGracefully).doFinally(signal -> guard.close());
    }

    @Override
    public void close() {
        guard.close();
        transport.close();
    }

    /** Stands in front of the server's own handler. */
    record Handler(McpStatelessServerHandler handler, ServerGuard guard, ClientSession client)
            implements McpStatelessServerHandler {

        @Override
        public Mono<JSONRPCResponse> handleRequest(McpTransportContext transportContext, JSONRPCRequest request) {
            // Transports need not write the context that they pass as a parameter into the Reactor context.
            return guard.answer(request, client, passed -> handler.handleRequest(transportContext, passed), null)
                    .contextWrite(context -> context.put(McpTransportContext.KEY, transportContext));
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext transportContext, JSONRPCNotification notification) {
            return guard.notified(notification, null, passed -> handler.handleNotification(transportContext, passed))
                    .contextWrite(context -> context.put(McpTransportContext.KEY, transportContext));
        }
    }
}
