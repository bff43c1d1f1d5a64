package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A client's and a server's transport that hand each other JSON texts, each on a thread of its own. */
final class InMemoryPair implements AutoCloseable {

    private final McpJsonMapper json = McpJsonDefaults.getMapper();
    private final ExecutorService toServer = Executors.newSingleThreadExecutor();
    private final ExecutorService toClient = Executors.newSingleThreadExecutor();

    private volatile Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> client = message -> message;
    private volatile McpServerSession.@Nullable Factory factory;
    private volatile @Nullable McpServerSession session;

    McpClientTransport client() {
        return new ClientEnd();
    }

    McpServerTransportProvider server() {
        return new ServerEnd();
    }

    private Mono<Void> send(JSONRPCMessage message, ExecutorService wire, Function<JSONRPCMessage, Mono<?>> receiver) {
        return Mono.fromRunnable(() -> {
            String text = write(message);
            wire.execute(() -> receiver.apply(read(text)).subscribe());
        });
    }

    private String write(JSONRPCMessage message) {
        try {
            return json.writeValueAsString(message);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private JSONRPCMessage read(String text) {
        try {
            return McpSchema.deserializeJsonRpcMessage(json, text);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        toServer.shutdownNow();
        toClient.shutdownNow();
    }

    private final class ClientEnd implements McpClientTransport {

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
            return Mono.fromRunnable(() -> {
                client = handler;
                session = factory.create(new ServerSide());
            });
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return send(message, toServer, received -> session.handle(received));
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.defer(() -> session == null ? Mono.empty() : session.closeGracefully());
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return json.convertValue(data, type);
        }
    }

    private final class ServerSide implements McpServerTransport {

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return send(message, toClient, received -> client.apply(Mono.just(received)));
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return json.convertValue(data, type);
        }
    }

    private final class ServerEnd implements McpServerTransportProvider {

        @Override
        public void setSessionFactory(McpServerSession.Factory sessionFactory) {
            factory = sessionFactory;
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            McpServerSession open = session;
            return open == null ? Mono.empty() : open.sendNotification(method, params);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }
}
