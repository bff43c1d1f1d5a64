package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpServerTransportProviderBase;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * A provider of a server's transports in front of another one. It is for the subclass to put a guard in front of each
 * session.
 *
 * @param <P> the type of the other provider
 */
abstract class GuardingProvider<P extends McpServerTransportProviderBase> implements McpServerTransportProviderBase {

    final P provider;
    final ServerGuard guard;

    GuardingProvider(P provider, ServerGuard guard) {
        this.provider = provider;
        this.guard = guard;
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
