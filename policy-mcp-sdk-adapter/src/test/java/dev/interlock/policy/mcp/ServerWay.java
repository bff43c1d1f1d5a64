package dev.interlock.policy.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import io.modelcontextprotocol.spec.McpSchema.InitializeRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The ways in which transports hand messages to a server, without a wire in between. */
enum ServerWay {

    /** As stdio and SSE do. */
    SESSION,

    /** As streamable HTTP does in 2.0, and Spring AI's transports. */
    STREAM_BY_REQUEST,

    /** As streamable HTTP does from 2.1 on. */
    STREAM_BY_TRANSPORT,

    /** As transports without sessions do. */
    STATELESS;

    /** Whether the SDK on the class path has it. */
    boolean exists() {
        return this != STREAM_BY_TRANSPORT
                || Arrays.stream(McpStreamableServerSession.class.getMethods())
                        .anyMatch(
                                method -> method.getName().equals("responseStream") && method.getParameterCount() == 1);
    }

    /** A client's end of this way into a server. */
    End into(GuardedServer server) {
        return into(server, ClientCapabilities.builder().elicitation().build());
    }

    /** That of a client with such abilities. */
    End into(GuardedServer server, ClientCapabilities abilities) {
        End end = switch (this) {
            case SESSION -> new SessionEnd();
            case STREAM_BY_REQUEST -> new StreamEnd(false);
            case STREAM_BY_TRANSPORT -> new StreamEnd(true);
            case STATELESS -> new StatelessEnd();
        };
        end.open(server, abilities);
        return end;
    }

    /** What a transport would call. */
    abstract static class End {

        /** What the client got. */
        final List<JSONRPCMessage> received = new CopyOnWriteArrayList<>();

        abstract void open(GuardedServer server, ClientCapabilities abilities);

        abstract Mono<Void> send(JSONRPCMessage message);

        /** The response to a request, once it is there; null if there was none. */
        @Nullable
        JSONRPCResponse request(JSONRPCRequest request, Map<String, Object> context) {
            int before = received.size();
            send(request)
                    .contextWrite(reactor -> reactor.put(McpTransportContext.KEY, McpTransportContext.create(context)))
                    .block();
            return received.stream()
                    .skip(before)
                    .filter(JSONRPCResponse.class::isInstance)
                    .map(JSONRPCResponse.class::cast)
                    .findFirst()
                    .orElse(null);
        }

        JSONRPCResponse request(JSONRPCRequest request) {
            return Objects.requireNonNull(request(request, Map.of()));
        }

        JSONRPCResponse call(@Nullable Object params) {
            return request(new JSONRPCRequest("tools/call", "c-1", params));
        }

        static InitializeRequest hello(ClientCapabilities abilities) {
            return InitializeRequest.builder(
                            "2025-06-18",
                            abilities,
                            Implementation.builder("test", "1").build())
                    .build();
        }
    }

    private static final class SessionEnd extends End implements McpServerTransportProvider {

        private McpServerSession.@Nullable Factory factory;
        private @Nullable McpServerSession session;

        @Override
        void open(GuardedServer server, ClientCapabilities abilities) {
            server.on(this);
            session = factory.create(new Wire(received));
            send(new JSONRPCRequest("initialize", 0, hello(abilities))).block();
            send(new JSONRPCNotification("notifications/initialized")).block();
            received.clear();
        }

        @Override
        Mono<Void> send(JSONRPCMessage message) {
            return session.handle(message);
        }

        @Override
        public void setSessionFactory(McpServerSession.Factory sessionFactory) {
            factory = sessionFactory;
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            return session.sendNotification(method, params);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private static final class StreamEnd extends End implements McpStreamableServerTransportProvider {

        private final boolean byTransport;
        private McpStreamableServerSession.@Nullable Factory factory;
        private @Nullable McpStreamableServerSession session;

        StreamEnd(boolean byTransport) {
            this.byTransport = byTransport;
        }

        @Override
        void open(GuardedServer server, ClientCapabilities abilities) {
            server.on(this);
            session = factory.startSession(hello(abilities)).session();
        }

        @Override
        @SuppressWarnings("deprecation") // what transports of 2.0 call
        Mono<Void> send(JSONRPCMessage message) {
            if (message instanceof JSONRPCRequest request) {
                Wire wire = new Wire(received);
                return byTransport
                        ? session.responseStream(wire).handle(request)
                        : session.responseStream(request, wire);
            }
            return message instanceof JSONRPCNotification notification
                    ? session.accept(notification)
                    : session.accept((JSONRPCResponse) message);
        }

        @Override
        public void setSessionFactory(McpStreamableServerSession.Factory sessionFactory) {
            factory = sessionFactory;
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private static final class StatelessEnd extends End implements McpStatelessServerTransport {

        private @Nullable McpStatelessServerHandler handler;

        @Override
        void open(GuardedServer server, ClientCapabilities abilities) {
            server.on(this);
        }

        @Override
        Mono<Void> send(JSONRPCMessage message) {
            return Mono.deferContextual(context -> {
                McpTransportContext transport =
                        context.getOrDefault(McpTransportContext.KEY, McpTransportContext.EMPTY);
                return message instanceof JSONRPCRequest request
                        ? handler.handleRequest(transport, request)
                                .doOnNext(received::add)
                                .then()
                        : handler.handleNotification(transport, (JSONRPCNotification) message);
            });
        }

        @Override
        public void setMcpHandler(McpStatelessServerHandler mcpHandler) {
            handler = mcpHandler;
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private record Wire(List<JSONRPCMessage> received) implements McpStreamableServerTransport, McpServerTransport {

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.fromRunnable(() -> received.add(message));
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message, String messageId) {
            return sendMessage(message);
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return McpJsonDefaults.getMapper().convertValue(data, type);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
