package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import java.time.Duration;
import java.util.Map;
import reactor.core.publisher.Mono;

/**
 * A session of a stdio or SSE server in front of another one, to which it leaves everything but the client's messages.
 * It is for the subclass to {@link #handle} them.
 */
abstract class ForwardingSession extends McpServerSession {

    final McpServerSession session;

    ForwardingSession(McpServerSession session, McpServerTransport transport) {
        // The inherited code is never used: every method delegates to the other session.
        super(session.getId(), Duration.ZERO, transport, request -> Mono.empty(), Map.of(), Map.of());
        this.session = session;
    }

    @Override
    public abstract Mono<Void> handle(JSONRPCMessage message);

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
        return session.closeGracefully();
    }

    @Override
    public void close() {
        session.close();
    }
}
