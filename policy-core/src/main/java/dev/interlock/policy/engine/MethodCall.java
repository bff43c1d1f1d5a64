package dev.interlock.policy.engine;

import org.jspecify.annotations.Nullable;

/**
 * A request other than {@code tools/call}, or a notification, as the engine decides on it. Its parameters play no part in
 * that.
 *
 * @param method the MCP method, as it stands in the request; empty if it can't be read
 * @param fromServer whether the server asks its client, as for {@code sampling/createMessage}
 * @param embedded whether the server asks within an answer of its own, and not by a request
 * @param identity who asks, or is asked by the server; null if the host doesn't say
 * @param session the agent session; null leaves it to what {@link #session()} says
 * @param server the server; null if the host doesn't say
 */
public record MethodCall(
        String method,
        boolean fromServer,
        boolean embedded,
        @Nullable String identity,
        @Nullable String session,
        @Nullable String server) {

    /** A request of a client's. */
    public static MethodCall of(String method) {
        return new MethodCall(method, false, false, null, null, null);
    }

    /** The same request, made by the server. */
    public MethodCall askedByServer() {
        return new MethodCall(method, true, embedded, identity, session, server);
    }

    /** The same request, made by the server within an answer of its own; see {@link EmbeddedRequests}. */
    public MethodCall embeddedByServer() {
        return new MethodCall(method, true, true, identity, session, server);
    }

    /** The same request on account of this identity. */
    public MethodCall by(@Nullable String identity) {
        return new MethodCall(method, fromServer, embedded, identity, session, server);
    }

    /** The same request in this agent session. */
    public MethodCall in(@Nullable String session) {
        return new MethodCall(method, fromServer, embedded, identity, session, server);
    }

    /** The same request to, or from, this server. */
    public MethodCall on(@Nullable String server) {
        return new MethodCall(method, fromServer, embedded, identity, session, server);
    }

    /** The agent session: what the host says; else the identity; else {@link ToolCall#COMMON_SESSION}. */
    @Override
    public String session() {
        return ToolCall.session(session, identity);
    }

    /** Names the method and the server; never an identity or session. */
    @Override
    public String toString() {
        return method + (server == null ? "" : (fromServer ? " from " : " to ") + server);
    }
}
