package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;

/**
 * Puts a policy in front of a server, whatever its transport. Give the wrapped provider to {@code McpServer} in place
 * of the bare one. If the provider is also a servlet or a router function, register the bare one as that:
 *
 * <pre>{@code
 * var http = HttpServletStreamableServerTransportProvider.builder().build();
 * McpServer.sync(EnforcingServerTransports.wrap(http, engine)).tools(...).build();
 * tomcat.addServlet(..., http);
 * }</pre>
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided before the server sees it, whatever tools the server has by then. A denied
 *       call is answered here, as {@link EnforcingClientTransport} answers it. What runs is what was decided: a copy of
 *       the arguments.
 *   <li>{@code tools/list} shows a caller the tools that the policy lets this caller see.
 *   <li>Other requests, in both directions, follow the policy's {@code methods}. If one of the server's own requests
 *       (sampling, elicitation, roots) is refused, it fails with an {@code McpError} where it was made. A refused
 *       notification is dropped.
 *   <li>The requests that the server puts into an answer follow {@code methods}, too. An answer with a refused request
 *       is replaced by a denial, or by a protocol error if it doesn't answer a call.
 *   <li>Everything else passes unchanged.
 * </ul>
 *
 * <p>A message that can't be read or decided is denied. Nothing here blocks, and no thread is started; but the SDK's
 * servlets hold a thread while a call is decided and runs.
 *
 * <p>Wrapping inspects the SDK on the class path, and refuses a version in which a message could reach a server by a
 * way that this class doesn't know. All servers work with 2.0, 2.1 and 2.2, those for streamable HTTP with 0.18 and
 * 1.1, too.
 */
public final class EnforcingServerTransports {

    private EnforcingServerTransports() {}

    /**
     * Wraps a provider for stdio or SSE with the default settings. Throws as {@link
     * Builder#wrap(McpServerTransportProvider)} does.
     */
    public static McpServerTransportProvider wrap(McpServerTransportProvider provider, PolicyEngine engine) {
        return builder(engine).wrap(provider);
    }

    /**
     * Wraps a provider for streamable HTTP with the default settings. Throws as {@link
     * Builder#wrap(McpStreamableServerTransportProvider)} does.
     */
    public static McpStreamableServerTransportProvider wrap(
            McpStreamableServerTransportProvider provider, PolicyEngine engine) {
        return builder(engine).wrap(provider);
    }

    /**
     * Wraps a transport that keeps no sessions with the default settings. Throws as {@link
     * Builder#wrap(McpStatelessServerTransport)} does.
     */
    public static McpStatelessServerTransport wrap(McpStatelessServerTransport transport, PolicyEngine engine) {
        return builder(engine).wrap(transport);
    }

    /** Wraps with custom settings. One engine may serve any number of servers and clients. */
    public static Builder builder(PolicyEngine engine) {
        return new Builder(engine);
    }

    /** Settings of a wrapped server. */
    public static final class Builder extends EnforcementBuilder<Builder> {

        private Builder(PolicyEngine engine) {
            super(engine);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Asks the person at the client's end, with MCP's elicitation, about calls that need an approval. The engine's
         * {@link dev.interlock.policy.approval.ApprovalHandler}, if it has one, is asked if that fails: if the client
         * lacks the capability or fails, the policy's {@code methods} refuse {@code elicitation/create}, the person
         * dismisses the question, or there is no session. A no is final.
         *
         * <p>The client asks the person and sends the answer. So this protects people from their agents, if the client
         * really asks its person. It doesn't protect a server from its clients. Default: only the engine's handler is
         * asked.
         */
        public Builder elicitApprovals() {
            this.elicitsApprovals = true;
            return this;
        }

        /**
         * Wraps a provider for stdio or SSE.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public McpServerTransportProvider wrap(McpServerTransportProvider provider) {
            return new GuardedProvider(provider, guard());
        }

        /**
         * Wraps a provider for streamable HTTP.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public McpStreamableServerTransportProvider wrap(McpStreamableServerTransportProvider provider) {
            return new GuardedStreamableProvider(provider, guard());
        }

        /**
         * Wraps a transport that keeps no sessions.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads facts that no call here can have: the identity, the
         *     server's name or {@code ctx}. Once this returns, the engine refuses such policies.
         */
        public McpStatelessServerTransport wrap(McpStatelessServerTransport transport) {
            return new GuardedStatelessTransport(transport, guard());
        }

        private ServerGuard guard() {
            SdkCompatibility.requireServer();
            requireFacts();
            return new ServerGuard(this);
        }
    }
}
