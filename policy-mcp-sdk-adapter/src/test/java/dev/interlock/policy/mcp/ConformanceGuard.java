package dev.interlock.policy.mcp;

import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;

/** What stands between a client or a server and the conformance suite. */
enum ConformanceGuard {
    NONE,
    ALLOWING,
    DENYING;

    McpClientTransport around(McpClientTransport transport) {
        return this == NONE ? transport : EnforcingClientTransport.wrap(transport, engine());
    }

    McpStreamableServerTransportProvider around(McpStreamableServerTransportProvider provider) {
        return this == NONE ? provider : EnforcingServerTransports.wrap(provider, engine());
    }

    /** Decides for those that are not {@link #NONE}. */
    PolicyEngine engine() {
        Policy policy = this == DENYING
                ? new Policies()
                        .tool("?*", Policies.denied("Nothing is called here."))
                        .policy()
                : Policies.allowingAll();
        return PolicyEngine.builder(policy).build();
    }
}
