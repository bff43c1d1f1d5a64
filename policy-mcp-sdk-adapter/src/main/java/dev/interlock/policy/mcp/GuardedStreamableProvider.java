package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerSession.McpStreamableServerSessionInit;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.util.List;
import reactor.core.publisher.Mono;

/** A provider for streamable HTTP that guards each of its sessions. */
record GuardedStreamableProvider(McpStreamableServerTransportProvider provider, ServerGuard guard)
        implements McpStreamableServerTransportProvider {

    @Override
    public void setSessionFactory(McpStreamableServerSession.Factory factory) {
        provider.setSessionFactory(request -> {
            McpStreamableServerSessionInit init = factory.startSession(request);
            GuardedStreamableSession session =
                    new GuardedStreamableSession(init.session(), request.capabilities(), guard);
            return new McpStreamableServerSessionInit(session, init.initResult().map(session::announced));
        });
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
