package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A session of a stdio or SSE server, in front of the server's own. The transport knows only this one. The server's own
 * session writes to a {@link GuardedSessionTransport}, which hands us its responses instead of sending them.
 */
final class GuardedSession extends ForwardingSession {

    private static final Logger log = LoggerFactory.getLogger(GuardedSession.class);

    private final McpServerTransport transport;
    private final ServerGuard guard;
    private final ClientSession client;
    private final GuardedSessionTransport asking;

    GuardedSession(McpServerSession session, McpServerTransport transport, ServerGuard guard) {
        super(session, transport);
        this.transport = transport;
        this.guard = guard;
        this.client = guard.session(session.getId(), session::sendNotification);
        this.asking = new GuardedSessionTransport(transport, guard);
    }

    @Override
    public Mono<Void> handle(JSONRPCMessage message) {
        if (message instanceof JSONRPCRequest request) {
            client.introduced(request, transport);
            return guard.answer(request, client, this::exchange, client.person(asking))
                    .flatMap(transport::sendMessage);
        }
        if (message instanceof JSONRPCNotification notification) {
            return guard.notified(notification, session.getId(), passed -> {
                client.heard(passed);
                client.heard(passed.method());
                return session.handle(passed);
            });
        }
        if (message instanceof JSONRPCResponse response) {
            return guard.answered(response, client, session::handle);
        }
        log.warn("Dropped a message from a client that is not a request, response or notification of JSON-RPC");
        return Mono.empty();
    }

    private Mono<JSONRPCResponse> exchange(JSONRPCRequest request) {
        return Mono.defer(() -> {
            CapturedResponse response = new CapturedResponse();
            return session.handle(request)
                    .contextWrite(context -> context.put(CapturedResponse.class, response))
                    .then(Mono.fromSupplier(response::get));
        });
    }

    @Override
    public Mono<Void> closeGracefully() {
        return super.closeGracefully().doFirst(client::close);
    }

    @Override
    public void close() {
        client.close();
        super.close();
    }
}
