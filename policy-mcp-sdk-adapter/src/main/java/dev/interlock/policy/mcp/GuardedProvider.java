package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;

/** A provider for stdio or SSE that guards each of its sessions. */
final class GuardedProvider extends GuardingProvider<McpServerTransportProvider> implements McpServerTransportProvider {

    GuardedProvider(McpServerTransportProvider provider, ServerGuard guard) {
        super(provider, guard);
    }

    @Override
    public void setSessionFactory(McpServerSession.Factory factory) {
        provider.setSessionFactory(transport -> guarded(factory, transport));
    }

    private McpServerSession guarded(McpServerSession.Factory factory, McpServerTransport transport) {
        McpServerTransport serial = new SerialTransport(transport);
        McpServerSession session = factory.create(new GuardedSessionTransport(serial, guard));
        return new GuardedSession(session, serial, guard);
    }
}
