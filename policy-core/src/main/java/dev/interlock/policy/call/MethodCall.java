package dev.interlock.policy.call;

import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import org.jspecify.annotations.Nullable;

/**
 * A request other than {@code tools/call}, or a notification, as the engine decides it.
 *
 * @param method the MCP method, as it stands in the request; empty if it can't be read
 * @param fromServer whether the server asks its client, as for {@code sampling/createMessage}
 * @param embedded whether the server asks inside an answer and not with a request
 * @param identity who asks, or who is asked by the server; null if the host doesn't say
 * @param session the agent session; if null, {@link #session()} says which session applies
 * @param server the server; null if the host doesn't say
 * @param parameters its parameters; {@link Arguments#UNKNOWN} if the caller of the engine doesn't know them, and then a
 *     condition on them is invalid
 * @param context what the host says about the request
 * @param callerKnown whether the host can say who asks, or who is asked. If it can't, a condition on the caller or the
 *     context is invalid
 * @param connectionOnly whether the session ends with the connection that the request came through, so that no marks
 *     are put on it
 */
public record MethodCall(
        String method,
        boolean fromServer,
        boolean embedded,
        @Nullable String identity,
        @Nullable String session,
        @Nullable String server,
        Arguments parameters,
        ObjectValue context,
        boolean callerKnown,
        boolean connectionOnly) {

    /** Creates a request whose session is an agent's. */
    public MethodCall(
            String method,
            boolean fromServer,
            boolean embedded,
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            Arguments parameters,
            ObjectValue context,
            boolean callerKnown) {
        this(method, fromServer, embedded, identity, session, server, parameters, context, callerKnown, false);
    }

    /** Creates a request whose caller the host can tell. */
    public MethodCall(
            String method,
            boolean fromServer,
            boolean embedded,
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            Arguments parameters,
            ObjectValue context) {
        this(method, fromServer, embedded, identity, session, server, parameters, context, true);
    }

    /** Creates a request made by a client. */
    public static MethodCall of(String method) {
        return new MethodCall(method, false, false, null, null, null, Arguments.UNKNOWN, ObjectValue.EMPTY);
    }

    /** Returns the same request, made by the server. */
    public MethodCall askedByServer() {
        return new MethodCall(
                method, true, embedded, identity, session, server, parameters, context, callerKnown, connectionOnly);
    }

    /** Returns the same request, made by the server inside an answer. */
    public MethodCall embeddedByServer() {
        return new MethodCall(
                method, true, true, identity, session, server, parameters, context, callerKnown, connectionOnly);
    }

    /** Returns the same request on account of this identity. */
    public MethodCall by(@Nullable String identity) {
        return new MethodCall(
                method,
                fromServer,
                embedded,
                identity,
                session,
                server,
                parameters,
                context,
                callerKnown,
                connectionOnly);
    }

    /** Returns the same request in this agent session. */
    public MethodCall in(@Nullable String session) {
        return in(session, false);
    }

    /** Does the same with a session that ends with the connection; see {@link ToolCall#inConnection}. */
    public MethodCall inConnection(@Nullable String session) {
        return in(session, session != null);
    }

    /** Returns the same request in the session of a call, on the same account. */
    public MethodCall inSessionOf(ToolCall call) {
        return call.markSession() == null ? inConnection(call.session()) : in(call.session());
    }

    private MethodCall in(@Nullable String session, boolean connectionOnly) {
        return new MethodCall(
                method,
                fromServer,
                embedded,
                identity,
                session,
                server,
                parameters,
                context,
                callerKnown,
                connectionOnly);
    }

    /** Returns the same request with these parameters. */
    public MethodCall with(Arguments parameters) {
        return new MethodCall(
                method,
                fromServer,
                embedded,
                identity,
                session,
                server,
                parameters,
                context,
                callerKnown,
                connectionOnly);
    }

    /** Returns the same request with what conditions read as {@code ctx.<key>}. */
    public MethodCall with(ObjectValue context) {
        return new MethodCall(
                method,
                fromServer,
                embedded,
                identity,
                session,
                server,
                parameters,
                context,
                callerKnown,
                connectionOnly);
    }

    /**
     * Returns the same request, of which the host can't say who asks or who is asked, although it tells callers apart.
     * A condition on the identity, the session or the context is then invalid, since what it reads is not missing but
     * not known.
     */
    public MethodCall byUnknownCaller() {
        return new MethodCall(method, fromServer, embedded, null, null, server, parameters, ObjectValue.EMPTY, false);
    }

    /** Returns a request with this method that the server makes within its answer to this one. */
    public MethodCall embedding(String method) {
        return new MethodCall(
                method, true, true, identity, session, server, Arguments.UNKNOWN, context, callerKnown, connectionOnly);
    }

    /** Returns the same request to, or from, this server. */
    public MethodCall on(@Nullable String server) {
        return new MethodCall(
                method,
                fromServer,
                embedded,
                identity,
                session,
                server,
                parameters,
                context,
                callerKnown,
                connectionOnly);
    }

    /**
     * Returns the agent session. If the host gives none, it is the identity; without an identity,
     * {@link ToolCall#COMMON_SESSION}.
     */
    @Override
    public String session() {
        return ToolCall.session(session, identity);
    }

    /** Returns the session that marks are put on, as {@link ToolCall#markSession} does; null if there is none. */
    public @Nullable String markSession() {
        return connectionOnly ? null : ToolCall.markSession(session, identity);
    }

    /** Names the method and the server; never an identity or session. */
    @Override
    public String toString() {
        return method + (server == null ? "" : (fromServer ? " from " : " to ") + server);
    }
}
