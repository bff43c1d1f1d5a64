package dev.interlock.policy.cli.readme;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import java.security.Principal;
import java.util.Map;

/** The Java of the page on integrations that serves over HTTP, between the markers. */
final class WrapAServer {

    private WrapAServer() {}

    static McpSyncServer serve(PolicyEngine engine) {
        // begin
        HttpServletStreamableServerTransportProvider servlet = HttpServletStreamableServerTransportProvider.builder()
                .contextExtractor(request -> {
                    Principal user = request.getUserPrincipal(); // whom your own authentication has found
                    return user == null
                            ? McpTransportContext.EMPTY
                            : McpTransportContext.create(Map.of("user", user.getName()));
                })
                .build();

        McpSyncServer server = McpServer.sync(EnforcingServerTransports.builder(engine)
                        .callContext((transport, reactor) ->
                                transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY)
                        .wrap(servlet))
                .build();
        // end
        return server;
    }
}
