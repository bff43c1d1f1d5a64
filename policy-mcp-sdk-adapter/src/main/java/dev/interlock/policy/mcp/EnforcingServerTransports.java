package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;

/**
 * Puts a policy in front of a server, whatever its transport. Give the wrapped provider to {@code McpServer} in place of
 * the bare one; where the provider is a servlet or a router function as well, register the bare one there:
 *
 * <pre>{@code
 * var http = HttpServletStreamableServerTransportProvider.builder().build();
 * McpServer.sync(EnforcingServerTransports.wrap(http, engine)).tools(...).build();
 * tomcat.addServlet(..., http);
 * }</pre>
 *
 * <ul>
 *   <li>Every {@code tools/call} is decided before the server sees it, whatever tools it has by then. A denied one is
 *       answered here, as {@link EnforcingClientTransport} answers it, and what runs is what was decided: a copy of the
 *       arguments.
 *   <li>{@code tools/list} shows a caller the tools that the policy lets this caller see.
 *   <li>Other requests, in both directions, follow the policy's {@code methods}. One of the server's own that is refused
 *       (sampling, elicitation, roots) fails with an {@code McpError} where it was made. A notification that is refused is
 *       dropped.
 *   <li>What the server asks within an answer follows them, too; an answer that asks for what it may not is replaced by a
 *       denial, or by a protocol error if it answers no call.
 *   <li>All else passes as it is.
 * </ul>
 *
 * <p>What cannot be read, or fails to be decided, is denied. Nothing here blocks, and no thread is started; but the SDK's
 * servlets hold a thread while a call is decided and runs.
 *
 * <p>Wrapping looks at the SDK that is really there, and refuses one in which a message could reach a server by a way
 * that is not known here. Works with 2.0 and 2.1.
 */
public final class EnforcingServerTransports {

    private EnforcingServerTransports() {}

    /** Wraps a provider for stdio or SSE with the usual settings; fails as that with settings does. */
    public static McpServerTransportProvider wrap(McpServerTransportProvider provider, PolicyEngine engine) {
        return builder(engine).wrap(provider);
    }

    /** Wraps a provider for streamable HTTP with the usual settings; fails as that with settings does. */
    public static McpStreamableServerTransportProvider wrap(
            McpStreamableServerTransportProvider provider, PolicyEngine engine) {
        return builder(engine).wrap(provider);
    }

    /** Wraps a transport that keeps no sessions with the usual settings; fails as that with settings does. */
    public static McpStatelessServerTransport wrap(McpStatelessServerTransport transport, PolicyEngine engine) {
        return builder(engine).wrap(transport);
    }

    /** Wraps with settings of one's own. One engine may serve any number of servers and clients. */
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
         * Asks the person at the client's end, by MCP's elicitation, about calls that need an approval. The engine's
         * {@link dev.interlock.policy.approval.ApprovalHandler}, if it has one, is asked where that can't be done: if the
         * client has no such capability or fails, the policy's {@code methods} refuse {@code elicitation/create}, the person
         * dismisses the question, or there is no session. A no is a no.
         *
         * <p>It is the client that asks and answers. So this protects people from their agents, where the client is one
         * that asks its person; it doesn't protect a server from its clients. Default: only the engine's handler is asked.
         */
        public Builder elicitApprovals() {
            this.elicitsApprovals = true;
            return this;
        }

        /**
         * Wraps a provider for stdio or SSE.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads what can't be known of any call here: the identity, the
         *     server's name or {@code ctx}. From then on the engine takes no such policy.
         */
        public McpServerTransportProvider wrap(McpServerTransportProvider provider) {
            SdkCompatibility.requireKnown();
            requireFacts();
            return new GuardedProvider(provider, new ServerGuard(this));
        }

        /**
         * Wraps a provider for streamable HTTP.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads what can't be known of any call here: the identity, the
         *     server's name or {@code ctx}. From then on the engine takes no such policy.
         */
        public McpStreamableServerTransportProvider wrap(McpStreamableServerTransportProvider provider) {
            SdkCompatibility.requireKnown();
            requireFacts();
            return new GuardedStreamableProvider(provider, new ServerGuard(this));
        }

        /**
         * Wraps a transport that keeps no sessions.
         *
         * @throws IllegalStateException if the policy can't be enforced on this version of the SDK
         * @throws IllegalArgumentException if the policy reads what can't be known of any call here: the identity, the
         *     server's name or {@code ctx}. From then on the engine takes no such policy.
         */
        public McpStatelessServerTransport wrap(McpStatelessServerTransport transport) {
            SdkCompatibility.requireKnown();
            requireFacts();
            return new GuardedStatelessTransport(transport, new ServerGuard(this));
        }
    }
}
