package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerSession.McpStreamableServerSessionInit;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;

/** A provider for streamable HTTP that guards each of its sessions. */
final class GuardedStreamableProvider extends GuardingProvider<McpStreamableServerTransportProvider>
        implements McpStreamableServerTransportProvider {

    GuardedStreamableProvider(McpStreamableServerTransportProvider provider, ServerGuard guard) {
        super(provider, guard);
    }

    @Override
    public void setSessionFactory(McpStreamableServerSession.Factory factory) {
        provider.setSessionFactory(request -> {
            McpStreamableServerSessionInit init = factory.startSession(request);
            GuardedStreamableSession session =
                    new GuardedStreamableSession(init.session(), request.capabilities(), guard);
            return new McpStreamableServerSessionInit(session, session.initialized(request, init.initResult()));
        });
    }
}
