package dev.interlock.policy.mcp.suites;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts the adapter in place, with a policy that allows everything; or, for comparison, doesn't. */
final class Adapter {

    private static final boolean ON = Boolean.getBoolean("adapter");

    private static final PolicyEngine ENGINE = PolicyEngine.builder(new Policy(
                    "",
                    Mode.ENFORCE,
                    new PolicyBody(
                            Posture.ALLOW,
                            List.of(),
                            Map.of(),
                            Map.of(),
                            Map.of(),
                            Optional.empty(),
                            Optional.empty()),
                    Map.of(),
                    Optional.empty()))
            .build();

    private Adapter() {}

    static McpClientTransport around(McpClientTransport transport) {
        return ON ? EnforcingClientTransport.wrap(transport, ENGINE) : transport;
    }

    static McpServerTransportProvider around(McpServerTransportProvider provider) {
        return ON ? EnforcingServerTransports.wrap(provider, ENGINE) : provider;
    }

    static McpStreamableServerTransportProvider around(McpStreamableServerTransportProvider provider) {
        return ON ? EnforcingServerTransports.wrap(provider, ENGINE) : provider;
    }

    static McpStatelessServerTransport around(McpStatelessServerTransport transport) {
        return ON ? EnforcingServerTransports.wrap(transport, ENGINE) : transport;
    }
}
