package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalHandler;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A session of a stdio or SSE server, in front of the server's own. The transport knows only this one. The server's own
 * session writes to a {@link GuardedSessionTransport}, which hands us its responses instead of sending them.
 */
final class GuardedSession extends McpServerSession {

    private static final Logger log = LoggerFactory.getLogger(GuardedSession.class);

    private final McpServerSession session;
    private final McpServerTransport transport;
    private final ServerGuard guard;
    private final ClientSession client;
    private final @Nullable ElicitedApprovals approvals;
    private final GuardedSessionTransport asking;

    GuardedSession(McpServerSession session, McpServerTransport transport, ServerGuard guard) {
        // The inherited code is never used: every method delegates to the server's own session.
        super(session.getId(), Duration.ZERO, transport, request -> Mono.empty(), Map.of(), Map.of());
        this.session = session;
        this.transport = transport;
        this.guard = guard;
        this.client = guard.session(session.getId(), session::sendNotification);
        this.approvals = guard.elicitedApprovals();
        this.asking = new GuardedSessionTransport(transport, guard);
    }

    @Override
    public Mono<Void> handle(JSONRPCMessage message) {
        if (message instanceof JSONRPCRequest request) {
            if (approvals != null && request.method().equals(McpSchema.METHOD_INITIALIZE)) {
                approvals.introduced(request, transport);
            }
            ApprovalHandler person = approvals == null ? null : approvals.over(asking);
            return guard.answer(request, client, this::exchange, person).flatMap(transport::sendMessage);
        }
        if (message instanceof JSONRPCNotification notification) {
            return guard.notified(notification, session.getId(), passed -> {
                client.heard(passed);
                client.heard(passed.method());
                return session.handle(passed);
            });
        }
        if (message instanceof JSONRPCResponse response) {
            return approvals != null && ElicitedApprovals.isAnswer(response)
                    ? guard.answered(response, session.getId(), approvals)
                    : session.handle(message);
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
    public String getId() {
        return session.getId();
    }

    @Override
    public void init(ClientCapabilities clientCapabilities, Implementation clientInfo) {
        session.init(clientCapabilities, clientInfo);
    }

    @Override
    public void setMinLoggingLevel(LoggingLevel minLoggingLevel) {
        session.setMinLoggingLevel(minLoggingLevel);
    }

    @Override
    public boolean isNotificationForLevelAllowed(LoggingLevel loggingLevel) {
        return session.isNotificationForLevelAllowed(loggingLevel);
    }

    @Override
    public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
        return session.sendRequest(method, params, type);
    }

    @Override
    public Mono<Void> sendNotification(String method) {
        return session.sendNotification(method);
    }

    @Override
    public Mono<Void> sendNotification(String method, Object params) {
        return session.sendNotification(method, params);
    }

    @Override
    public Mono<Void> closeGracefully() {
        return session.closeGracefully().doFirst(this::hangUp);
    }

    @Override
    public void close() {
        hangUp();
        session.close();
    }

    private void hangUp() {
        client.close();
        if (approvals != null) {
            approvals.close();
        }
    }
}
