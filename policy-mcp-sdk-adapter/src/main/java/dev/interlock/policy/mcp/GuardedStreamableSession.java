package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.InitializeRequest;
import io.modelcontextprotocol.spec.McpSchema.InitializeResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A session of a streamable HTTP server, in front of the server's own. The transport knows only this one.
 *
 * <p>Transports hand a request over in one of two ways, depending on their age: to {@code responseStream(request,
 * transport)}, or to the stream that {@code responseStream(transport)} returns, whose class is final. Both end in the
 * request handlers of the session that made the stream. So each request gets a new session whose only handler, for
 * every method, is the guard. What the guard lets through goes on to the server's own session.
 *
 * <p>A handler doesn't learn the request's id. Nothing here needs it: the response finds its way back on the stream.
 */
final class GuardedStreamableSession extends McpStreamableServerSession {

    /**
     * The id by which the server's own session knows a request. Each request has its own transport, so ids can't
     * collide.
     */
    private static final String INNER_ID = "1";

    private final McpStreamableServerSession session;
    private final ServerGuard guard;
    private final ClientSession client;
    private final Set<OpenConnection> open = ConcurrentHashMap.newKeySet();

    GuardedStreamableSession(
            McpStreamableServerSession session, @Nullable ClientCapabilities capabilities, ServerGuard guard) {
        // The inherited code is never used: every method delegates to the server's own session.
        super(session.getId(), null, null, Duration.ZERO, Map.of(), Map.of());
        this.session = session;
        this.guard = guard;
        this.client = guard.session(session.getId(), session::sendNotification);
        if (client.approvals() != null) {
            client.approvals().introduced(capabilities);
        }
    }

    /**
     * The server's answer to {@code initialize}, as the client gets it. Transports know this request only as one that
     * makes a session. An error if the policy refuses the request or withholds the answer.
     */
    Mono<InitializeResult> initialized(InitializeRequest request, Mono<InitializeResult> answer) {
        return guard.answer(
                        SdkRecords.request(McpSchema.METHOD_INITIALIZE, INNER_ID, request),
                        client,
                        asked -> answer.map(result -> SdkRecords.result(asked.id(), result)),
                        null)
                .flatMap(response -> response.error() == null
                        ? Mono.just(typed(response.result()))
                        : Mono.error(new McpError(response.error())));
    }

    /** An answer in which something was redacted is plain JSON. */
    private static InitializeResult typed(Object answer) {
        return answer instanceof InitializeResult typed
                ? typed
                : McpJsonDefaults.getMapper().convertValue(answer, InitializeResult.class);
    }

    // ---- requests

    @Override
    public McpStreamableServerSessionStream responseStream(McpStreamableServerTransport transport) {
        OpenConnection connection = new OpenConnection(transport, open);
        return guarding(connection).responseStream(connection);
    }

    @Override
    @Deprecated
    @SuppressWarnings("deprecation") // transports of 2.0 call this
    public Mono<Void> responseStream(JSONRPCRequest request, McpStreamableServerTransport transport) {
        return guarding(transport).responseStream(request, transport);
    }

    private McpStreamableServerSession guarding(McpStreamableServerTransport transport) {
        return new McpStreamableServerSession(
                session.getId(), null, null, Duration.ZERO, new EveryMethod(transport), Map.of());
    }

    /** Maps every method to the guard. */
    private final class EveryMethod extends AbstractMap<String, McpRequestHandler<?>> {

        private final McpStreamableServerTransport transport;

        EveryMethod(McpStreamableServerTransport transport) {
            this.transport = transport;
        }

        @Override
        public McpRequestHandler<?> get(Object method) {
            return (exchange, params) -> answer((String) method, params, transport);
        }

        @Override
        public boolean containsKey(Object method) {
            return true;
        }

        @Override
        public Set<Entry<String, McpRequestHandler<?>>> entrySet() {
            return Set.of();
        }
    }

    private Mono<Object> answer(String method, @Nullable Object params, McpStreamableServerTransport transport) {
        return guard.answer(
                        SdkRecords.request(method, INNER_ID, params),
                        client,
                        request -> exchange(request, transport),
                        client.person(new GuardedStreamableTransport(transport, guard, null)))
                .flatMap(response -> response.error() == null
                        ? Mono.just(response.result())
                        : Mono.error(new McpError(response.error())));
    }

    @SuppressWarnings("deprecation") // the only way that is the same in 2.0 and 2.1
    private Mono<JSONRPCResponse> exchange(JSONRPCRequest request, McpStreamableServerTransport transport) {
        return Mono.defer(() -> {
            CapturedResponse response = new CapturedResponse();
            return session.responseStream(request, new GuardedStreamableTransport(transport, guard, response))
                    .then(Mono.fromSupplier(response::get));
        });
    }

    // ---- everything else

    @Override
    public McpStreamableServerSessionStream listeningStream(McpStreamableServerTransport transport) {
        McpStreamableServerSessionStream stream =
                session.listeningStream(new GuardedStreamableTransport(transport, guard, null));
        client.reachable();
        return stream;
    }

    @Override
    public Flux<JSONRPCMessage> replay(Object lastEventId) {
        return session.replay(lastEventId).concatMap(guard::outgoing);
    }

    @Override
    public Mono<Void> accept(JSONRPCNotification notification) {
        return guard.notified(notification, session.getId(), passed -> {
            client.heard(passed.method());
            return session.accept(passed);
        });
    }

    @Override
    public Mono<Void> accept(JSONRPCResponse response) {
        return guard.answered(response, client, session::accept);
    }

    @Override
    public boolean hasListeningStream() {
        return session.hasListeningStream();
    }

    @Override
    public boolean hasOpenStream() {
        return !open.isEmpty() || session.hasOpenStream();
    }

    @Override
    public void releaseListeningStream() {
        session.releaseListeningStream();
    }

    @Override
    public String getId() {
        return session.getId();
    }

    @Override
    public void setMinLoggingLevel(LoggingLevel minLoggingLevel) {
        session.setMinLoggingLevel(minLoggingLevel);
    }

    @Override
    public boolean isNotificationForLevelAllowed(LoggingLevel loggingLevel) {
        return session.isNotificationForLevelAllowed(loggingLevel);
    }

    @Override
    public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
        return session.sendRequest(method, params, type);
    }

    @Override
    public Mono<Void> sendNotification(String method) {
        return session.sendNotification(method);
    }

    @Override
    public Mono<Void> sendNotification(String method, Object params) {
        return session.sendNotification(method, params);
    }

    @Override
    public Mono<Void> delete() {
        return session.delete().doFirst(client::close).then(Mono.defer(this::closeConnections));
    }

    @Override
    public Mono<Void> closeGracefully() {
        return session.closeGracefully().doFirst(client::close).then(Mono.defer(this::closeConnections));
    }

    private Mono<Void> closeConnections() {
        return Flux.fromIterable(List.copyOf(open))
                .flatMap(OpenConnection::closeGracefully)
                .then();
    }

    @Override
    public void close() {
        client.close();
        session.close();
        List.copyOf(open).forEach(OpenConnection::close);
    }
}
