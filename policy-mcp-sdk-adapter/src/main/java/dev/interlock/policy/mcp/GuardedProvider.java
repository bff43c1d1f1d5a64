package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.util.List;
import reactor.core.publisher.Mono;

/** A provider for stdio or SSE that guards each of its sessions. */
record GuardedProvider(McpServerTransportProvider provider, ServerGuard guard) implements McpServerTransportProvider {

    @Override
    public void setSessionFactory(McpServerSession.Factory factory) {
        provider.setSessionFactory(transport -> guarded(factory, transport));
    }

    private McpServerSession guarded(McpServerSession.Factory factory, McpServerTransport transport) {
        McpServerTransport serial = new SerialTransport(transport);
        McpServerSession session = factory.create(new GuardedSessionTransport(serial, guard));
        return new GuardedSession(session, serial, guard);
    }

    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        guard.notifies(method);
        return provider.notifyClients(method, params);
    }

    @Override
    public Mono<Void> notifyClient(String sessionId, String method, Object params) {
        guard.notifies(method);
        return provider.notifyClient(sessionId, method, params);
    }

    @Override
    public List<String> protocolVersions() {
        return provider.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.defer(provider::closeGracefully).doFinally(signal -> guard.close());
    }

    @Override
    public void close() {
        guard.close();
        provider.close();
    }
}
